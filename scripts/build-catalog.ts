// Writes the shipped catalog from a folder of catalogs: node --import tsx scripts/build-catalog.ts FOLDER
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { StoredRow } from '../src/catalog/facts/stored-row.ts';
import { type CatalogFile, collectClaims } from './lib/catalog/claims.ts';
import { makeRows, sourceLetters } from './lib/catalog/make-rows.ts';
import { repositoryRoot } from './lib/repository-root.mjs';

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: build-catalog.ts FOLDER');
const files = readdirSync(folder)
  .toSorted()
  .flatMap((name): CatalogFile[] => {
    const date = /_(\d{4}-\d{2}-\d{2})\.jsonl?(\.gz)?$/.exec(name)?.[1];
    if (date === undefined) return [];
    const bytes = readFileSync(join(folder, name));
    return [{ name, date, text: (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString() }];
  });
const isBase = ({ name }: CatalogFile): boolean => name.includes('base_models');
const isCatalog = (file: CatalogFile): boolean => !isBase(file) && !file.name.includes('_providers_');
const baseModels = files.filter(isBase).flatMap(({ text }) => idsOf(text));
const claims = collectClaims(files.filter(isCatalog));
const dates = datesOf();
const hosts = makeRows(claims, baseModels, Object.values(dates).toSorted().at(-1) ?? '');
const rows = [...hosts.values()].flat();
writeFileSync(join(repositoryRoot, 'src/catalog/facts/catalog-rows.gen.ts'), generated());
const priced = rows.filter(({ prices }) => prices !== undefined);
const disputed = rows.filter(({ differing }) => differing !== undefined);
const agreed = priced.filter(({ pricedBy = '' }) => pricedBy.length > 1);
process.stderr.write(
  `${rows.length} models at ${hosts.size} hosts, ${priced.length} priced, ${agreed.length} by two or more catalogs, ` +
    `${disputed.length} disputed\n${[...hosts].map(([host, list]) => `${host} ${list.length}`).join(', ')}\n`,
);

function idsOf(text: string): string[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [String((JSON.parse(line) as { id: unknown }).id)]));
}

function datesOf(): { readonly [source: string]: string } {
  const found = claims.flatMap((one) => one.claims.map(({ source, date }) => [source, date] as const));
  return Object.fromEntries([...new Map(found)].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

function origins(): object {
  return Object.fromEntries(Object.entries(dates).map(([source, date]) => [sourceLetters[source], { source, date }]));
}

function generated(): string {
  const parts = [...hosts].map(
    ([host, list]) => `  ${JSON.stringify(host)}:\n    '${list.map(lineOf).join('\\n\\\n')}',`,
  );
  return `// Written by scripts/build-catalog.ts from the catalogs named in NOTICE; do not edit.

/** Catalogs that the rows come from, by the letter that stands for them in the rows. */
export const catalogOrigins: Readonly<Record<string, { readonly source: string; readonly date: string }>> = ${JSON.stringify(origins(), null, 2)};

/** One JSON object per line and model, by host; parsed when a host is first asked for. */
export const catalogRows: Readonly<Record<string, string>> = {
${parts.join('\n')}
};
`;
}

function lineOf(row: StoredRow): string {
  return JSON.stringify(row).replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
