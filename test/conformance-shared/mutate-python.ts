/** Ways to break a solution, each a small change of what it answers; the first that applies is made. */
const changes: readonly (readonly [RegExp, string])[] = [
  [/^( +)return (.+)$/m, '$1return (lambda answer: (not answer) if isinstance(answer, bool) else None)($2)'],
  [/ == /, ' != '],
  [/ < /, ' >= '],
  [/ \+ /, ' - '],
];

/**
 * Breaks a Python solution: the last answer that it gives on one line becomes another. undefined when no change
 * applies, so that a solution is never taken for broken that is not.
 */
export function mutatePython(solution: string): string | undefined {
  const lines = solution.split('\n');
  const last = lines.findLastIndex((line) => /^ +return [^#\\]*[^([{,\\#]$/.test(line));
  const [pattern, text] = changes[0] ?? [/$^/, ''];
  if (last >= 0) {
    const changed = (lines[last] ?? '').replace(pattern, text);
    if (changed !== lines[last] && isBalanced(lines[last] ?? '')) return lines.with(last, changed).join('\n');
  }
  const other = changes.slice(1).find(([found]) => found.test(solution));
  return other && solution.replace(...other);
}

/** An expression that goes on in the next line cannot be wrapped. */
function isBalanced(line: string): boolean {
  const count = (characters: string): number => [...line].filter((one) => characters.includes(one)).length;
  return count('([{') === count(')]}');
}
