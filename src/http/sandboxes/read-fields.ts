import { ConnectError } from './connect-protocol.ts';

/** Fields of a message; what is absent is as if it had its empty value. */
export type Fields = Readonly<Record<string, unknown>>;

/** A field that is text. */
export function textField(fields: Fields, name: string): string {
  const value = fields[name] ?? '';
  if (typeof value === 'string' && !value.includes('\0')) return value;
  throw wrong(name, 'text without NUL');
}

/** A field that is true or false. */
export function flagField(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value === 'boolean') return value;
  throw wrong(name, 'true or false');
}

/** A field that is a whole number, which may be written as text. */
export function numberField(fields: Fields, name: string): number {
  const value = Number(fields[name] ?? 0);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw wrong(name, 'a whole number');
}

/** A field that is a message of its own. */
export function objectField(fields: Fields, name: string): Fields {
  const value = fields[name] ?? {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Fields;
  throw wrong(name, 'an object');
}

/** A field that is a list of texts. */
export function textsField(fields: Fields, name: string): string[] {
  const value = fields[name] ?? [];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string' && !one.includes('\0'))) {
    return value as string[];
  }
  throw wrong(name, 'a list of texts without NUL');
}

/** A field that is a map of texts. */
export function mapField(fields: Fields, name: string): Record<string, string> {
  const entries = Object.entries(objectField(fields, name));
  for (const [key, value] of entries) {
    if (typeof value !== 'string' || `${key}${value}`.includes('\0') || key === '' || key.includes('=')) {
      throw wrong(name, 'a map of texts without NUL');
    }
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

/** A field that is bytes, written in base64. */
export function bytesField(fields: Fields, name: string): Buffer {
  return Buffer.from(textField(fields, name), 'base64');
}

function wrong(name: string, kind: string): ConnectError {
  return new ConnectError('invalid_argument', `\`${name}\` must be ${kind}.`);
}
