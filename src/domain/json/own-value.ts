/**
 * Looks a foreign word up in a table. A plain index would also find what every object inherits: a host that stops for
 * the reason `constructor` must get `undefined`, not a function.
 */
export function ownValue<Value>(table: { readonly [word: string]: Value }, word: string): Value | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
