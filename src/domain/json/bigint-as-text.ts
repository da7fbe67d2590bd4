/** For `JSON.stringify`: amounts and prices are bigints, and travel as text. */
export function bigintAsText(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
