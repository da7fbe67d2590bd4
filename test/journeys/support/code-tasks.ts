/** A small program that a model is asked for, with tests that it may see and tests that it never sees. */
export interface CodeTask {
  readonly name: string;
  readonly job: string;
  readonly language: 'python' | 'javascript';
  readonly prompt: string;
  /** A right program, one that fails hidden tests only, and one that is wrong wherever one looks. */
  readonly right: string;
  readonly slip: string;
  readonly wrong: string;
  readonly visible: string;
  readonly hidden: string;
}

/** What `f` is to do, a right and a nearly right expression for it, and calls of it that are true. */
type Row = readonly [what: string, right: string, slip: string, visible: string, ...hidden: string[]];

const text: readonly Row[] = [
  ['reverses a string', 's[::-1]', 's[:0:-1] + s[0]', 'f("ab") == "ba"', 'f("") == ""'],
  [
    'counts the vowels of a word',
    'sum(c in "aeiou" for c in s.lower())',
    'sum(c in "aeiou" for c in s)',
    'f("tree") == 2',
    'f("Anna") == 2',
  ],
  [
    'says whether a string is a palindrome',
    's == s[::-1]',
    's[0] == s[-1]',
    'f("aba") and not f("ab")',
    'not f("abca")',
    'f("xyx")',
  ],
  [
    'capitalises every word',
    '" ".join(w[:1].upper() + w[1:] for w in s.split(" "))',
    's.title()',
    'f("a cat") == "A Cat"',
    'f("it\'s") == "It\'s"',
  ],
  [
    'gives the longest word, the first of several',
    'max(s.split(), key=len)',
    'sorted(s.split(), key=len)[-1]',
    'f("a bcd ef") == "bcd"',
    'f("ab cd") == "ab"',
  ],
  ['removes the spaces at both ends', 's.strip(" ")', 's.strip()', 'f(" a ") == "a"', 'f("a\\n") == "a\\n"'],
  ['counts the words', 'len(s.split())', 'len(s.split(" "))', 'f("one two") == 2', 'f("one  two") == 2', 'f("") == 0'],
  [
    'repeats every letter',
    '"".join(c + c for c in s)',
    '"".join(c + c for c in s.strip())',
    'f("ab") == "aabb"',
    'f(" a") == "  aa"',
  ],
  ['drops the last letter', 's[:-1]', 's[:len(s) - 1] or s', 'f("ab") == "a"', 'f("a") == ""'],
  [
    'swaps the first and the last letter',
    's if len(s) < 2 else s[-1] + s[1:-1] + s[0]',
    's[-1] + s[1:-1] + s[0]',
    'f("abc") == "cba"',
    'f("a") == "a"',
  ],
  [
    'sorts letters, capitals like small ones',
    '"".join(sorted(s, key=str.lower))',
    '"".join(sorted(s))',
    'f("cab") == "abc"',
    'f("aB") == "aB"',
  ],
  [
    'says whether all letters differ',
    'len(set(s)) == len(s)',
    'all(a != b for a, b in zip(s, s[1:]))',
    'f("abc") and not f("aab")',
    'not f("aba")',
  ],
];
const numbers: readonly Row[] = [
  ['adds up a list', 'sum(s)', 's[0] + sum(s[1:])', 'f([1, 2]) == 3', 'f([]) == 0'],
  ['gives the largest number', 'max(s)', 'max([0] + s)', 'f([1, 3, 2]) == 3', 'f([-2, -1]) == -1'],
  [
    'keeps the even numbers',
    '[n for n in s if n % 2 == 0]',
    '[n for n in s if n and n % 2 == 0]',
    'f([1, 2]) == [2]',
    'f([0]) == [0]',
  ],
  ['gives the factorial', '1 if s < 2 else s * f(s - 1)', '1 if s == 1 else s * f(s - 1)', 'f(4) == 24', 'f(0) == 1'],
  [
    'says whether a number is prime',
    's > 1 and all(s % n for n in range(2, s))',
    'all(s % n for n in range(2, s))',
    'f(7) and not f(9)',
    'not f(1)',
  ],
  ['gives the mean of a list', 'sum(s) / len(s)', 'sum(s) // len(s)', 'f([1, 3]) == 2', 'f([1, 2]) == 1.5'],
  [
    'adds up the digits',
    'sum(int(d) for d in str(abs(s)))',
    'sum(int(d) for d in str(s).strip("-")[:3])',
    'f(12) == 3',
    'f(1234) == 10',
  ],
  ['gives the second largest number', 'sorted(set(s))[-2]', 'sorted(s)[-2]', 'f([1, 3, 2]) == 2', 'f([1, 3, 3]) == 1'],
  ['rounds to the nearest ten, halves up', '(s + 5) // 10 * 10', 'round(s, -1)', 'f(13) == 10', 'f(25) == 30'],
  [
    'counts the divisors',
    'sum(s % n == 0 for n in range(1, s + 1))',
    'sum(s % n == 0 for n in range(1, s)) + (s > 1)',
    'f(6) == 4',
    'f(1) == 1',
  ],
  [
    'gives the differences between neighbours',
    '[b - a for a, b in zip(s, s[1:])]',
    '[abs(b - a) for a, b in zip(s, s[1:])]',
    'f([1, 4]) == [3]',
    'f([4, 1]) == [-3]',
  ],
  ['clips to the range from 0 to 100', 'max(0, min(100, s))', 'min(100, s)', 'f(150) == 100', 'f(-5) == 0'],
];

function taskOf(kind: string, [what, right, slip, visible, ...hidden]: Row, at: number): CodeTask {
  const program = (expression: string): string => `def f(s):\n    return ${expression}\n`;
  const asserted = (calls: readonly string[]): string => calls.map((call) => `assert ${call}\n`).join('');
  return {
    name: `${kind}-${at}`,
    job: `code-${kind}`,
    language: 'python',
    prompt: `Write a Python function f(s) that ${what}.`,
    right: program(right),
    slip: program(slip),
    wrong: program('None'),
    visible: asserted([visible]),
    hidden: asserted([visible, ...hidden]),
  };
}

/** Our own tasks: a dozen about text, a dozen about numbers. */
export const codeTasks: readonly CodeTask[] = [
  ...text.map((row, at) => taskOf('text', row, at)),
  ...numbers.map((row, at) => taskOf('numbers', row, at)),
];
