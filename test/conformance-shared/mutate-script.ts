/** What an answer becomes that is wrong whatever was asked: its opposite, or something that is no answer at all. */
const spoilt = '(((answer) => (typeof answer === "boolean" ? !answer : "spoilt"))';

/**
 * Breaks a solution in JavaScript or TypeScript: its last answer becomes another. undefined where the last answer goes
 * over several lines, so that a solution is never taken for broken that is not.
 */
export function spoilScript(solution: string): string | undefined {
  const lines = solution.split('\n');
  const last = lines.findLastIndex((line) => /^(\s*|.*[)\s])return [^;]+;$/.test(line));
  const found = /^(.*?\breturn )([^;]+);$/.exec(lines[last] ?? '');
  if (!found) return undefined;
  return lines.with(last, `${found[1]}${spoilt}(${found[2]}));`).join('\n');
}

/** Small mistakes, of the kind that some inputs show and others do not. */
const slips: readonly (readonly [RegExp, string])[] = [
  [/ < /, ' <= '],
  [/ <= /, ' < '],
  [/ > /, ' >= '],
  [/ >= /, ' > '],
  [/ === 0/, ' === 1'],
  [/ \+ 1\b/, ' + 2'],
  [/ - 1\b/, ' - 2'],
  [/ % 2 === 0/, ' % 2 !== 0'],
  [/ && /, ' || '],
  [/ \+ /, ' - '],
  [/ - /, ' + '],
  [/\breverse\(\)/, 'slice()'],
  [/Math\.max/, 'Math.min'],
  [/Math\.min/, 'Math.max'],
  [/\bevery\b/, 'some'],
  [/\bsome\b/, 'every'],
  [/ right - left/, ' left - right'],
  [/== /, '!= '],
  [/ or /, ' and '],
  [/ and /, ' or '],
];

/** Each solution with one small mistake, in any language of operators; some of them may still be right. */
export function slipsOf(solution: string): readonly string[] {
  const changed = slips.map(([pattern, text]) => solution.replace(pattern, text));
  return [...new Set(changed)].filter((one) => one !== solution);
}
