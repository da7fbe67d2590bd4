/**
 * Finds the steps of a path as people write it, such as `models.gpt-4.1.endpoints[0].host`. Names may hold dots, so the
 * configuration itself tells where one ends: the longest key that fits wins.
 */
export function toPath(text: string, value: unknown): (string | number)[] {
  const index = /^\[(\d+)\]\.?/.exec(text);
  if (index !== null) {
    const at = Number(index[1]);
    return [at, ...toPath(text.slice(index[0].length), Array.isArray(value) ? value[at] : undefined)];
  }
  if (text === '') return [];
  const keys = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const fits = ([key]: readonly [string, unknown]): boolean =>
    text === key || (text.startsWith(key) && /^[.[]/.test(text.slice(key.length)));
  const [best] = keys.filter(fits).toSorted(([a], [b]) => b.length - a.length);
  if (best === undefined) return [];
  const [key, inner] = best;
  return [key, ...toPath(text.slice(key.length).replace(/^\./, ''), inner)];
}
