import { codeOf, namesOf, type SourceText } from './source-text.ts';

/** Something that no line of the product may hold, and why. */
export interface LineRule {
  readonly title: string;
  readonly pattern: RegExp;
  /** What of a line is looked at. */
  readonly look: (line: string) => string;
  /** Path prefixes in which it is right, each with the reason. */
  readonly allowed: Readonly<Record<string, string>>;
  /** Lines that the rule must find, so that it cannot go blind. */
  readonly planted: readonly string[];
  /** Lines that it must leave alone. */
  readonly innocent: readonly string[];
}

const whole = (line: string): string => line;

/** The rules that hold for each line of the product. */
export const lineRules: readonly LineRule[] = [
  {
    title: 'reads the clock or draws random numbers only through the platform',
    pattern: /\bDate\.now\b|\bMath\.random\b|\bnew Date\(\s*\)|\bperformance\.now\b|\bprocess\.hrtime\b/,
    look: codeOf,
    allowed: { 'src/platform/': 'owns the clock and the random source that everything else is given' },
    planted: [
      'const a = Date.now();',
      'const now = Date.now;',
      'return new Date();',
      'x(Math.random(), performance.now())',
    ],
    innocent: ['const a = new Date(startMs);', '// Date.now() would be wrong here', ' * like `Math.random()`'],
  },
  {
    title: 'leaves no unfinished work behind',
    pattern: /\b(TODO|FIXME|XXX|HACK)\b/,
    look: whole,
    allowed: {},
    planted: ['// TODO: later', '/* FIXME */'],
    innocent: ['const todos = [];'],
  },
  {
    title: 'gives a reason with each exception from a lint rule',
    pattern: /(?:eslint|oxlint)-disable(?!.* -- \S+ \S+)|@ts-expect-error\s*$/,
    look: whole,
    allowed: {},
    planted: [
      '// oxlint-disable-next-line max-params',
      '// eslint-disable-next-line no-console -- why',
      '// @ts-expect-error',
    ],
    innocent: [
      '// oxlint-disable-next-line max-params -- the contract of the library',
      '// @ts-expect-error no types are shipped',
    ],
  },
  {
    title: 'spells names out',
    // `req/s` is a unit, and `context.req` and `response.req` are names of Hono and Node.
    pattern: /(?<!(?:context|response)\.)\b(req|res|opts|cfg|msg|ctx|cb|idx|tmp)\b(?!\/s)/,
    look: namesOf,
    allowed: {},
    planted: ['function handle(req) {}', 'const { opts } = x;'],
    innocent: [`logger.info('res');`, 'const request = 1;', '// req is banned', 'response.end();'],
  },
];

/** Each place that breaks a rule, as `path:line: text`. */
export function breaches(rule: LineRule, sources: readonly SourceText[]): readonly string[] {
  return sources
    .filter(({ path }) => !Object.keys(rule.allowed).some((prefix) => path.startsWith(prefix)))
    .flatMap(({ path, lines }) =>
      lines.flatMap((line, at) => (rule.pattern.test(rule.look(line)) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
    );
}
