import { Fault } from '../domain/faults/fault.ts';
import type { JsonObject } from '../domain/calls/model-call.ts';

const maxParts = 100;
const maxFieldBytes = 64 * 1024;

/** Reads the short text fields of an upload (`model`, `stream`, `language` …); the file itself is only passed through. */
export function readMultipartFields(bytes: Buffer, contentType: string): JsonObject | Fault {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const name = boundary?.[1] ?? boundary?.[2];
  if (name === undefined) return new Fault('invalid_request', { message: 'multipart/form-data needs a boundary.' });
  const delimiter = Buffer.from(`--${name}`);
  const fields: Record<string, string> = {};
  let at = bytes.indexOf(delimiter);
  for (let count = 0; at >= 0 && count < maxParts; count++) {
    const next = bytes.indexOf(delimiter, at + delimiter.length);
    if (next < 0) break;
    readPart(bytes.subarray(at + delimiter.length, next), fields);
    at = next;
  }
  return fields;
}

function readPart(part: Buffer, fields: Record<string, string>): void {
  const headEnd = part.indexOf('\r\n\r\n');
  if (headEnd < 0 || part.length > maxFieldBytes) return;
  const head = part.toString('latin1', 0, headEnd);
  const field = /name="([^"]*)"/i.exec(head)?.[1];
  if (field === undefined || /filename=/i.test(head)) return;
  fields[field] = part.toString('utf8', headEnd + 4).replace(/\r\n$/, '');
}
