import type { StoredPrice, StoredRow } from '../../../src/catalog/facts/stored-row.ts';
import type { PriceTerms } from '../../../src/domain/rating/price.ts';
import { choosePrice, type ChosenPrice } from './choose-price.ts';
import { type Claim, type ClaimedModel, factOf } from './claims.ts';
import { ModelGroups } from './model-groups.ts';

/** Kinds of models whose use is counted in the units that prices are kept in. */
const kinds = new Set(['chat', 'embedding', 'image', 'audio', 'moderation']);

/** Makes the rows of every host, sorted, from what the catalogs say. `date`: of the newest catalog. */
export function makeRows(
  models: readonly ClaimedModel[],
  baseModels: readonly string[],
  date: string,
): Map<string, StoredRow[]> {
  const covered = new Set(
    models.flatMap(({ host, claims }) => (claims.some(({ source }) => source === 'models.dev') ? [host] : [])),
  );
  const kept = models.filter((model) => isCurrent(model, covered, date));
  const groups = new ModelGroups(baseModels, kept);
  const hosts = new Map<string, StoredRow[]>();
  for (const model of kept) {
    const row = makeRow(model, groups);
    if (row.prices === undefined && row.context === undefined) continue;
    const rows = hosts.get(model.host) ?? [];
    rows.push(row);
    hosts.set(model.host, rows);
  }
  for (const [host, rows] of hosts) {
    const sorted = rows.toSorted((left, right) => (left.model < right.model ? -1 : 1));
    hosts.set(
      host,
      sorted.map((row) => withAlias(row, sorted)),
    );
  }
  return new Map([...hosts].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** Two catalogs have it, or the one that removes what is gone; hosts that only one catalog has are taken from it. */
function isCurrent({ host, claims }: ClaimedModel, covered: ReadonlySet<string>, date: string): boolean {
  const retires = factOf(claims, 'retiresOn');
  if (retires !== undefined && retires <= date) return false;
  if (!kinds.has(factOf(claims, 'kind') ?? 'chat')) return false;
  const sources = new Set(claims.map(({ source }) => source));
  return sources.size > 1 || sources.has('models.dev') || !covered.has(host);
}

function makeRow({ model, claims }: ClaimedModel, groups: ModelGroups): StoredRow {
  const chosen = choosePrice(claims);
  const kind = factOf(claims, 'kind');
  const base = groups.baseOf(model) ?? factOf(claims, 'baseModel');
  const can = abilitiesOf(claims);
  return clean({
    model,
    name: factOf(claims, 'name'),
    kind: kind === 'chat' ? undefined : kind,
    base,
    context: factOf(claims, 'contextTokens'),
    output: factOf(claims, 'maxOutputTokens'),
    can: namesWith(can, true),
    cannot: namesWith(can, false),
    released: factOf(claims, 'releasedOn'),
    retires: factOf(claims, 'retiresOn'),
    deprecated: claims.some(({ offer }) => offer.facts.isDeprecated === true) ? true : undefined,
    sources: lettersOf(claims.map(({ source }) => source)),
    prices: chosen && datedPrices(chosen, claims),
    pricedBy: chosen && lettersOf(chosen.pricedBy),
    differing: chosen && storedDifferences(chosen),
  });
}

/** Each catalog is one letter in the rows. */
export const sourceLetters: Readonly<Record<string, string>> = {
  'genai-prices': 'g',
  litellm: 'l',
  'models.dev': 'm',
  portkey: 'p',
};

function lettersOf(sources: readonly string[]): string {
  return sources
    .map((source) => sourceLetters[source] ?? '')
    .toSorted()
    .join('');
}

function namesWith(can: { readonly [ability: string]: boolean }, value: boolean): string | undefined {
  const names = Object.entries(can).flatMap(([ability, stated]) => (stated === value ? [ability] : []));
  return names.length === 0 ? undefined : names.join(' ');
}

/** A yes of any catalog is a yes; a no counts only from the one that states both, and against no yes. */
function abilitiesOf(claims: readonly Claim[]): { readonly [ability: string]: boolean } {
  const can: Record<string, boolean> = {};
  const isComplete = (claim: Claim): boolean => claim.source === 'models.dev';
  for (const ability of ['tools', 'jsonSchema', 'reasoning', 'assistantPrefill'] as const) {
    const said = claims.map((claim) => ({ claim, value: claim.offer.facts.abilities?.[ability] }));
    if (said.some(({ value }) => value === true)) can[ability] = true;
    else if (said.some(({ claim, value }) => value === false && isComplete(claim))) can[ability] = false;
  }
  for (const [ability, modality] of [
    ['images', 'image'],
    ['audio', 'audio'],
    ['documents', 'pdf'],
  ] as const) {
    const said = claims.map((claim) => ({ claim, value: claim.offer.facts.inputModalities?.includes(modality) }));
    if (said.some(({ value }) => value === true)) can[ability] = true;
    else if (said.some(({ claim, value }) => value === false && isComplete(claim))) can[ability] = false;
  }
  return can;
}

/** Prices that a catalog announces for later dates are kept if it agrees on the one that holds now. */
function datedPrices(chosen: ChosenPrice, claims: readonly Claim[]): StoredPrice[] {
  const prices = [storedPrice(chosen.terms)];
  for (const { source, date, offer } of claims) {
    if (!chosen.pricedBy.includes(source)) continue;
    for (const { fromMs, terms } of offer.prices) {
      if (fromMs === undefined || fromMs <= Date.parse(date)) continue;
      prices.push(storedPrice(terms, new Date(fromMs).toISOString().slice(0, 10)));
    }
  }
  return prices;
}

function storedDifferences({ differing }: ChosenPrice): StoredRow['differing'] | undefined {
  const sources = Object.entries(differing).map(([source, figures]) => [
    sourceLetters[source] ?? source,
    Object.fromEntries(
      Object.entries(figures).map(([figure, value]) => [figure, value === null ? null : decimal(value, 6)]),
    ),
  ]);
  return sources.length === 0 ? undefined : (Object.fromEntries(sources) as StoredRow['differing']);
}

function storedPrice(terms: PriceTerms, from?: string): StoredPrice {
  const usdOf = (prices: PriceTerms['picosPerUnit']): Record<string, string> =>
    Object.fromEntries(
      Object.entries(prices).flatMap(([bucket, picos]) => (picos === undefined ? [] : [[bucket, decimal(picos, 6)]])),
    );
  return clean({
    from,
    usd: usdOf(terms.picosPerUnit),
    rules: terms.rules?.map(({ when, picosPerUnit }) => ({ when, usd: usdOf(picosPerUnit) })),
    call: terms.picosPerCall === undefined ? undefined : decimal(terms.picosPerCall, 12),
    batch: terms.batchRatioPpm?.toString(),
    regions:
      terms.regionRatioPpm &&
      Object.fromEntries(Object.entries(terms.regionRatioPpm).map(([region, ppm]) => [region, ppm.toString()])),
  });
}

/** Writes an integer of 10^-digits without trailing zeros. */
function decimal(value: bigint, digits: number): string {
  const text = value.toString().padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`.replace(/\.?0+$/, '');
}

/** A moving name points at the newest model of its name and price; `?` when there is none. */
function withAlias(row: StoredRow, rows: readonly StoredRow[]): StoredRow {
  const isMoving = row.model.endsWith('-latest') || row.name?.endsWith('(latest)');
  if (!isMoving) return row;
  const stem = row.model.replace(/-latest$/, '');
  const name = row.name?.replace(/ \(latest\)$/, '');
  const dated = rows.filter(({ model, name: itsName, deprecated }) => {
    const isDated = model !== row.model && /\d{4}$/.test(model) && deprecated !== true;
    return isDated && (model.startsWith(`${stem}-`) || itsName === name);
  });
  const age = ({ model }: StoredRow): string => (/\d+$/.exec(model)?.[0] ?? '').slice(-4).padStart(8);
  const newest = dated.toSorted((left, right) => age(right).localeCompare(age(left)))[0];
  // Another price means that the name does not point there, or not yet.
  return clean({ ...row, alias: newest && isSamePrice(row, newest) ? newest.model : '?' });
}

function isSamePrice(left: Pick<StoredRow, 'prices'>, right: Pick<StoredRow, 'prices'>): boolean {
  return JSON.stringify(left.prices?.[0]?.usd) === JSON.stringify(right.prices?.[0]?.usd);
}

function clean<T extends object>(fields: { [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
