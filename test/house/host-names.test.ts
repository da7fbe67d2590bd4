import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeOf, isProductCode, readSources, sourceText, type SourceText } from './source-text.ts';

/** Names of hosts that are also ordinary words; finding them proves nothing. */
const ordinaryWords = new Set(['together', 'replicate', 'perplexity', 'baseten', 'qwen', 'xai', 'hyperbolic']);

/** Where the name of a host is data or a fact about the outside world, each with the reason. */
const allowedPlaces: Readonly<Record<string, string>> = {
  'src/providers/': 'is where hosts live',
  'src/catalog/facts/': 'lists models and prices by host',
  'src/catalog/importers/': 'reads catalogs of others, whose names for hosts it must know',
  'src/config/schema-catalog': 'names formats of catalogs, one of which is that of a host',
  'src/config/example': 'is the example that an operator copies',
  'src/cli/offline/import': 'translates the configuration of other gateways, whose names for hosts it must know',
  'src/ledger/reconciliation/formats/': 'reads the bills of hosts, whose columns it must know',
  'src/cli/offline/audit': 'says which logs it reads',
  'src/reports/audit/formats/': "reads other people's logs, whose columns and names for hosts it must know",
};

/** A compatible host is a file that describes it by one call of `openAICompatible`. */
function isCompatibleHost({ path, lines }: SourceText): boolean {
  return path.startsWith('src/providers/') && lines.some((line) => /^export const .*= openAICompatible\(/.test(line));
}

function mentions(names: readonly string[], sources: readonly SourceText[]): readonly string[] {
  const pattern = new RegExp(`\\b(${names.join('|')})\\b`, 'i');
  // What a guest imports, and packages of a vendor that is a host as well, are no choice among hosts.
  const named = (line: string): string => codeOf(line).replaceAll(/@\w+\/|\bcloudflare:/g, '');
  return sources
    .filter(({ path }) => !Object.keys(allowedPlaces).some((place) => path.startsWith(place)))
    .flatMap(({ path, lines }) =>
      lines.flatMap((line, at) => (pattern.test(named(line)) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
    );
}

describe('compatible hosts', () => {
  const product = readSources(['src'], isProductCode);
  const hosts = product.filter(isCompatibleHost);

  it('are there to be judged', () => {
    expect(hosts.length).toBeGreaterThan(0);
  });

  it('are one file of at most 40 lines each', () => {
    expect(hosts.filter(({ lines }) => lines.length > 40).map(({ path }) => path)).toEqual([]);
  });

  it('are named nowhere else in the product', () => {
    const names = hosts.map(({ path }) => basename(path, '.ts')).filter((name) => !ordinaryWords.has(name));
    expect(names.length).toBeGreaterThan(0);
    expect(mentions(names, product)).toEqual([]);
  });

  it('are noticed when the core branches on one', () => {
    const planted = sourceText(
      'src/dispatch/attempt.ts',
      `if (host === 'acme-ai') retry();\n// acme-ai does it differently`,
    );
    expect(mentions(['acme'], [sourceText('src/runtime/a.ts', `import('@acme/engine');`)])).toEqual([]);
    expect(mentions(['acme-ai'], [planted])).toEqual([`src/dispatch/attempt.ts:1: if (host === 'acme-ai') retry();`]);
  });
});
