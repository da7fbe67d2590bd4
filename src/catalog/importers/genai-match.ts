import { isRecord, textOf } from './fields.ts';

const maxDepth = 8;

/**
 * Which model names a clause of genai-prices covers; undefined when it is not understood. Regular expressions are not
 * run: they come from outside.
 */
export function matcherOf(clause: unknown, depth = 0): ((model: string) => boolean) | undefined {
  if (!isRecord(clause) || depth > maxDepth) return undefined;
  const [[kind, value] = ['', undefined]] = Object.entries(clause);
  const text = textOf(value)?.toLowerCase();
  if (text !== undefined) return simpleMatcher(kind, text);
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const parts = value.map((part: unknown) => matcherOf(part, depth + 1));
  const known = parts.filter((part) => part !== undefined);
  // One alternative that is not understood takes nothing from the others; one condition that is not takes all.
  if (kind === 'or') return known.length === 0 ? undefined : (model) => known.some((matches) => matches(model));
  if (kind === 'and' && known.length === parts.length) return (model) => known.every((matches) => matches(model));
  return undefined;
}

function simpleMatcher(kind: string, text: string): ((model: string) => boolean) | undefined {
  switch (kind) {
    case 'equals':
      return (model) => model.toLowerCase() === text;
    case 'starts_with':
      return (model) => model.toLowerCase().startsWith(text);
    case 'ends_with':
      return (model) => model.toLowerCase().endsWith(text);
    case 'contains':
      return (model) => model.toLowerCase().includes(text);
    default:
      return undefined;
  }
}
