import { parseNumbersAsText } from '../../domain/json/json-numbers.ts';
import { isRecord, type Fields } from './fields.ts';

/** One row of a catalog before it is understood. */
export interface CatalogRow {
  readonly line?: number;
  /** The name under which the row stands. */
  readonly key: string;
  /** The provider under which the row is nested, in formats that nest. */
  readonly provider?: string;
  readonly fields: Fields;
}

/** A catalog's text as values, with every number as its source text. */
export type CatalogDocument =
  | { readonly kind: 'lines'; readonly lines: readonly { readonly line: number; readonly value: unknown }[] }
  | { readonly kind: 'value'; readonly value: unknown };

/** Reads a whole document, or one value per line; a bad line is an undefined value. Undefined when it is neither. */
export function readDocument(text: string): CatalogDocument | undefined {
  const whole = parse(text);
  if (whole !== undefined) return { kind: 'value', value: whole };
  const lines = text.split('\n').flatMap((content, at) => {
    return content.trim() === '' ? [] : [{ line: at + 1, value: parse(content) }];
  });
  // One broken document is not a file of broken lines.
  return isRecord(lines[0]?.value) ? { kind: 'lines', lines } : undefined;
}

/** The first rows of a document, enough to recognize its format. */
export function firstRows(document: CatalogDocument): readonly unknown[] {
  if (document.kind === 'lines') return document.lines.slice(0, 20).map(({ value }) => value);
  const { value } = document;
  if (Array.isArray(value)) return value.slice(0, 20);
  return isRecord(value) ? Object.values(value).slice(0, 20) : [];
}

function parse(text: string): unknown {
  try {
    return parseNumbersAsText(text);
  } catch {
    // The caller says which line it was.
    return undefined;
  }
}
