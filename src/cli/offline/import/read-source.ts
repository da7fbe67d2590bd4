import { isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { CliError } from '../../shell/cli-error.ts';

/** A number as it stands in the source: prices must not pass through a float. */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Anything a configuration file can hold. */
export type SourceValue =
  | string
  | boolean
  | null
  | NumberText
  | readonly SourceValue[]
  | { readonly [key: string]: SourceValue };

/** Parses YAML or JSON whose root holds named settings, numbers kept as text. Throws a CliError with the place. */
export function readSource(text: string, file: string): SourceValue {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new CliError(`${file}:${line}:${col} ${error.message.split('\n')[0]}`);
  }
  visit(document, {
    Scalar(key, scalar) {
      const isNumber = typeof scalar.value === 'number' || typeof scalar.value === 'bigint';
      if (key !== 'key' && isScalar(scalar) && isNumber) {
        scalar.value = new NumberText(scalar.source ?? String(scalar.value));
      }
    },
  });
  const { contents } = document;
  if (contents !== null && !isMap(contents)) throw new CliError(`${file}:1:1 holds no named settings`);
  return toSourceValue(document.toJS({ maxAliasCount: 1000 }));
}

function toSourceValue(value: unknown): SourceValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean' || value instanceof NumberText) return value;
  if (Array.isArray(value)) return value.map(toSourceValue);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toSourceValue(inner)]));
  }
  return String(value);
}
