const maxNames = 3;

/** The names most like a mistyped one, best first; for error messages. */
export function nearestNames(wanted: string, names: Iterable<string>): string[] {
  const scored: { name: string; distance: number }[] = [];
  const short = wanted.slice(0, 80).toLowerCase();
  for (const name of names) scored.push({ name, distance: distance(short, name.slice(0, 80).toLowerCase()) });
  scored.sort((left, right) => left.distance - right.distance || left.name.localeCompare(right.name));
  return scored.slice(0, maxNames).map(({ name }) => name);
}

/** Levenshtein distance with one row. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let at = 1; at <= left.length; at++) {
    const next = [at];
    for (let column = 1; column <= right.length; column++) {
      const substitution = (row[column - 1] ?? 0) + (left[at - 1] === right[column - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
