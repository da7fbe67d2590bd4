/**
 * Text of a foreign JSON value where text belongs. `String` would throw at an object whose `toString` is data, which
 * JSON allows.
 */
export function wordOf(value: unknown, otherwise = ''): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : otherwise;
}
