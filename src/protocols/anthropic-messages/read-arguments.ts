import type { JsonObject } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { parseArguments, parseJson } from '../shared/parse-arguments.ts';

/**
 * Tool arguments as the object this dialect wants. Arguments cut by the output limit keep every member that came
 * whole; what is no object at all (`""`, `"null"`) becomes an empty one.
 */
export function readArguments(text: string): JsonObject {
  const whole = parseArguments(text);
  if (whole !== undefined) return whole;
  const rest = parseJson(closeJson(text));
  return isObject(rest) ? rest : {};
}

/** Cuts an unfinished JSON text back to its last whole member and closes what is open. */
function closeJson(text: string): string {
  const open: string[] = [];
  let whole = { end: 0, closers: '' };
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at++;
      else if (character === '"') inString = false;
      continue;
    }
    if (character === '"') inString = true;
    else if (character === '{' || character === '[') {
      open.push(character === '{' ? '}' : ']');
      whole = { end: at + 1, closers: open.toReversed().join('') };
    } else if (character === '}' || character === ']') {
      open.pop();
      whole = { end: at + 1, closers: open.toReversed().join('') };
    } else if (character === ',') whole = { end: at, closers: open.toReversed().join('') };
  }
  return text.slice(0, whole.end) + whole.closers;
}
