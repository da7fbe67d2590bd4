import type { JsonObject } from '../../domain/calls/model-call.ts';
import { isObject } from '../../protocols/index.ts';

/** More text than this tells nothing more about the kind of work. */
const mostCharacters = 8000;
const deepest = 4;

/**
 * What the user asks for last, in whatever dialect: the text by which requests are alike. Instructions that all
 * requests of an application share would make everything alike, so they are only taken when there is nothing else.
 */
export function promptText(body: JsonObject): string {
  const { messages, input, contents, prompt } = body;
  for (const turns of [messages, input, contents]) {
    if (typeof turns === 'string') return turns;
    if (!Array.isArray(turns)) continue;
    const asked = turns.findLast((turn) => isObject(turn) && turn['role'] === 'user') ?? turns.at(-1);
    const text = textOf(asked, 0);
    if (text !== '') return text;
  }
  return textOf(prompt, 0);
}

function textOf(value: unknown, depth: number): string {
  if (typeof value === 'string') return value.slice(0, mostCharacters);
  if (depth > deepest) return '';
  if (Array.isArray(value)) return joined(value.map((part) => textOf(part, depth + 1)));
  if (!isObject(value)) return '';
  return joined([value['text'], value['content'], value['parts']].map((part) => textOf(part, depth + 1)));
}

function joined(parts: readonly string[]): string {
  return parts
    .filter((part) => part !== '')
    .join('\n')
    .slice(0, mostCharacters);
}
