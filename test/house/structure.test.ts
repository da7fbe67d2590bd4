import { describe, expect, it } from 'vitest';
import { breaches, lineRules } from './line-rules.ts';
import { isProductCode, readSources, sourceText, type SourceText } from './source-text.ts';

const product = readSources(['src', 'sdk/src'], isProductCode);

describe('sources', () => {
  it('stay at 400 lines or fewer, and tests at 500', () => {
    const all = readSources(['src', 'sdk/src', 'test', 'scripts', 'bench'], (path) =>
      /(?<!\.gen)\.(ts|mjs)$/.test(path),
    );
    const limit = (path: string): number => (/^test\/|\.test\.ts$/.test(path) ? 500 : 400);
    const long = all.filter(({ path, lines }) => !path.startsWith('bench/portkey/') && lines.length > limit(path));
    expect(long.map(({ path, lines }) => `${path}: ${lines.length}`)).toEqual([]);
  });

  it('are small: the median file has at most 100 lines', async ({ annotate }) => {
    const sizes = product.map(({ lines }) => lines.length).sort((a, b) => a - b);
    const median = sizes[Math.floor(sizes.length / 2)] ?? Infinity;
    await annotate(`median ${median} lines, longest ${sizes.at(-1)}, ${sizes.length} files`);
    expect(median, `the median of ${sizes.length} files`).toBeLessThanOrEqual(100);
  });

  it('say of each exported symbol what it is for', () => {
    expect(product.flatMap(undocumentedExports)).toEqual([]);
  });

  it('are noticed when an export has no comment', () => {
    const source = sourceText('src/a.ts', '/** Known. */\nexport const a = 1;\n\nexport function b(): void {}\n');
    expect(undocumentedExports(source)).toEqual(['src/a.ts:4: export function b(): void {}']);
  });
});

function undocumentedExports({ path, lines }: SourceText): readonly string[] {
  return lines.flatMap((line, at) => {
    const name = /^export (?:declare |abstract |async )*(?:function\*?|class|const|let|interface|type) ([\w$]+)/.exec(
      line,
    )?.[1];
    if (name === undefined) return [];
    const before = lines.slice(0, at).findLast((earlier) => !/^\/\/ (eslint|oxlint)|^\/\/ @ts/.test(earlier)) ?? '';
    const isOverload = before.startsWith('export ') && new RegExp(`\\b${name}\\b`).test(before);
    return before.trimEnd().endsWith('*/') || isOverload ? [] : [`${path}:${at + 1}: ${line}`];
  });
}

describe('each line of the product', () => {
  it.each(lineRules)('$title', (rule) => {
    expect(breaches(rule, product)).toEqual([]);
  });

  it.each(lineRules.flatMap((rule) => rule.planted.map((line) => ({ rule, line }))))(
    'is noticed: $line',
    ({ rule, line }) => {
      expect(breaches(rule, [sourceText('src/gateway/planted.ts', line)])).toHaveLength(1);
    },
  );

  it.each(lineRules.flatMap((rule) => rule.innocent.map((line) => ({ rule, line }))))(
    'may be: $line',
    ({ rule, line }) => {
      expect(breaches(rule, [sourceText('src/gateway/planted.ts', line)])).toEqual([]);
    },
  );
});
