import { gunzipSync } from 'node:zlib';
import { importCatalog, type ImportOptions } from '../importers/import-catalog.ts';
import { importPriceHistory } from '../importers/import-price-history.ts';
import type { ImportedCatalog } from '../importers/contract.ts';
import type { ImportedHistory } from '../importers/import-price-history.ts';

/** A file of prices: the state of a catalog on a day, or the history of its changes. */
export type PriceFile =
  | { readonly kind: 'catalog'; readonly catalog: ImportedCatalog }
  | { readonly kind: 'history'; readonly history: ImportedHistory };

const maxBytes = 64 * 1024 * 1024;

/** Reads a catalog or a recorded history, plain or gzipped. Undefined when it is neither, or too large. */
export function readPriceFile(bytes: Buffer, options: ImportOptions = {}): PriceFile | undefined {
  const text = textOf(bytes);
  if (text === undefined) return undefined;
  const catalog = importCatalog(text, options);
  if (catalog) return { kind: 'catalog', catalog };
  const history = importPriceHistory(text, options.format === undefined ? {} : { source: options.format });
  return history && { kind: 'history', history };
}

function textOf(bytes: Buffer): string | undefined {
  if (bytes.length > maxBytes) return undefined;
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString();
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes }).toString();
  } catch {
    // Damaged, or larger than the limit: neither can be read.
    return undefined;
  }
}
