import { Fault } from '../domain/faults/fault.ts';
import type { JsonObject } from '../domain/calls/model-call.ts';
import { isObject } from '../protocols/index.ts';

const quote = 0x22;
const backslash = 0x5c;

/** Parses a request body once; refuses what is not an object or is nested deeper than the limit. */
export function parseBody(bytes: Buffer, maxDepth: number): JsonObject | Fault {
  if (bytes.length === 0)
    return new Fault('invalid_request', { message: 'The request body is empty; send a JSON object.' });
  if (isTooDeep(bytes, maxDepth)) {
    return new Fault('invalid_request', { message: `The request body is nested deeper than ${maxDepth} levels.` });
  }
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (isObject(value)) return value;
    return new Fault('invalid_request', { message: 'The request body must be a JSON object.' });
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 120) : 'not JSON';
    return new Fault('invalid_request', { message: `The request body is not valid JSON: ${reason}` });
  }
}

/** Counts nesting on the bytes, so that a hostile body is refused before anything recursive sees it. */
function isTooDeep(bytes: Buffer, maxDepth: number): boolean {
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) at = endOfString(bytes, at);
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > maxDepth) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return false;
}

function endOfString(bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(quote, start + 1); end >= 0; end = bytes.indexOf(quote, end + 1)) {
    let slashes = 0;
    while (bytes[end - 1 - slashes] === backslash) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return bytes.length;
}
