import { type CatalogDocument, type CatalogRow, firstRows, readDocument } from './catalog-rows.ts';
import type { CatalogFormat, CatalogOffer, ImportedCatalog } from './contract.ts';
import { isRecord, textOf } from './fields.ts';
import { importGenaiPricesRow } from './import-genai-prices.ts';
import { importLangfuseRow } from './import-langfuse.ts';
import { importLitellmRow } from './import-litellm.ts';
import { ImportLog } from './import-log.ts';
import { importModelsDevRow } from './import-models-dev.ts';
import { importOpenrouterRow } from './import-openrouter.ts';
import { importPortkeyRow } from './import-portkey.ts';

type RowImporter = (row: CatalogRow, log: ImportLog) => CatalogOffer | undefined;

const importers: { readonly [Format in CatalogFormat]: RowImporter } = {
  litellm: importLitellmRow,
  'models.dev': importModelsDevRow,
  openrouter: importOpenrouterRow,
  'genai-prices': importGenaiPricesRow,
  portkey: importPortkeyRow,
  langfuse: importLangfuseRow,
};

const maxTextLength = 64 * 1024 * 1024;
const maxRows = 200_000;

/** How to read a catalog whose text does not say everything. */
export interface ImportOptions {
  /** Default: recognized by its rows. */
  readonly format?: CatalogFormat;
  /** The provider of a file that holds only one, as Portkey's do. */
  readonly provider?: string;
}

/** Reads a catalog. Bad rows are reported and left out; undefined when the text is no catalog we know. */
export function importCatalog(text: string, options: ImportOptions = {}): ImportedCatalog | undefined {
  if (text.length > maxTextLength) return undefined;
  const document = readDocument(text);
  const format = document && (options.format ?? detectFormat(document));
  if (!document || !format) return undefined;
  const log = new ImportLog();
  const offers: CatalogOffer[] = [];
  let rows = 0;
  for (const row of rowsOf(document, format, { log, provider: options.provider })) {
    if (++rows > maxRows) {
      log.problem({ row: row.key, message: `only the first ${maxRows} rows are read` });
      break;
    }
    const offer = importers[format](row, log);
    if (offer) offers.push(offer);
  }
  const { problems, problemCount } = log;
  return { format, rows, offers, problems, problemCount, ignoredKeys: log.ignoredKeys() };
}

/** Recognizes a catalog by the fields that only its rows have. */
function detectFormat(document: CatalogDocument): CatalogFormat | undefined {
  const whole = document.kind === 'value' ? [document.value] : [];
  for (const row of [...whole, ...firstRows(document), ...nestedRows(document)]) {
    if (!isRecord(row)) continue;
    if ('litellm_provider' in row) return 'litellm';
    if ('pricing_config' in row) return 'portkey';
    if ('pricingTiers' in row) return 'langfuse';
    if ('match' in row && 'prices' in row) return 'genai-prices';
    if ('pricing' in row && ('canonical_slug' in row || 'context_length' in row)) return 'openrouter';
    if ('release_date' in row && 'limit' in row) return 'models.dev';
  }
  return undefined;
}

function nestedRows(document: CatalogDocument): unknown[] {
  return firstRows(document).flatMap((row) => {
    if (Array.isArray(row)) return row.slice(0, 5) as unknown[];
    const models: unknown = isRecord(row) ? row['models'] : undefined;
    return typeof models === 'object' && models !== null ? Object.values(models).slice(0, 5) : [];
  });
}

interface RowContext {
  readonly log: ImportLog;
  readonly provider: string | undefined;
}

function* rowsOf(document: CatalogDocument, format: CatalogFormat, context: RowContext): Generator<CatalogRow> {
  if (document.kind === 'lines') {
    for (const { line, value } of document.lines) {
      if (isRecord(value)) yield rowOf(value, { line, key: keyOf(value, `line ${line}`) }, context);
      else context.log.problem({ line, row: `line ${line}`, message: 'is no JSON object' });
    }
    return;
  }
  const { value } = document;
  // A document of one object per line that holds a single line is that one row.
  if (isRecord(value) && isRow(value, format))
    return yield rowOf(value, { key: keyOf(value, 'the only row') }, context);
  const list = isRecord(value) && Array.isArray(value['data']) ? value['data'] : value;
  const entries: readonly (readonly [string, unknown])[] = Object.entries(
    isRecord(list) || Array.isArray(list) ? list : {},
  );
  for (const [key, entry] of entries) {
    if (!isRecord(entry)) context.log.problem({ row: key, message: 'is no JSON object' });
    else if (isNested(entry)) yield* nestedRowsOf(entry, key, context);
    else yield rowOf(entry, { key: Array.isArray(list) ? keyOf(entry, `row ${key}`) : key }, context);
  }
}

function isRow(value: object, format: CatalogFormat): boolean {
  const marks = { litellm: 'litellm_provider', portkey: 'pricing_config', langfuse: 'pricingTiers' };
  const others = { 'genai-prices': 'match', openrouter: 'pricing', 'models.dev': 'release_date' };
  return { ...marks, ...others }[format] in value;
}

function isNested(entry: { readonly [key: string]: unknown }): boolean {
  return typeof entry['models'] === 'object' && entry['models'] !== null;
}

function* nestedRowsOf(
  entry: { readonly [key: string]: unknown },
  key: string,
  { log }: RowContext,
): Generator<CatalogRow> {
  const provider = textOf(entry['id']) ?? key;
  const isList = Array.isArray(entry['models']);
  for (const [name, model] of Object.entries(entry['models'] as object) as [string, unknown][]) {
    if (isRecord(model))
      yield rowOf(model, { key: isList ? keyOf(model, `${provider} ${name}`) : name }, { log, provider });
    else log.problem({ row: `${provider}/${name}`, message: 'is no JSON object' });
  }
}

function rowOf(
  fields: CatalogRow['fields'],
  place: { line?: number; key: string },
  { provider }: RowContext,
): CatalogRow {
  return { ...place, fields, ...(provider !== undefined && { provider }) };
}

function keyOf(fields: CatalogRow['fields'], otherwise: string): string {
  return textOf(fields['id']) ?? textOf(fields['modelName']) ?? otherwise;
}
