import type { Fact } from '../../domain/facts/facts.ts';

/** Facts are small; one longer than this carries a list or a text that a caller controls. */
const usualLength = 16 * 1024;
const longestList = 64;
const longestText = 1024;

/** A fact as JSON. Oversized lists and texts are cut: losing their tail is better than losing the fact. */
export function encodeFact(fact: Fact): string {
  const text = JSON.stringify(fact);
  return text.length <= usualLength ? text : JSON.stringify(fact, cut);
}

function cut(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, longestText);
  return Array.isArray(value) ? value.slice(0, longestList) : value;
}
