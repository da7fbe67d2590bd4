import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { Fault } from '../../domain/faults/fault.ts';
import { tooLarge } from './too-large.ts';

const decoders = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/** Whether a body that was packed like this can be read. */
export function isKnownEncoding(encoding: string): encoding is keyof typeof decoders {
  return Object.hasOwn(decoders, encoding);
}

/** Unpacks a body up to the limit for bodies: a small one may pretend to be endless. */
export async function decodeBody(
  bytes: Buffer,
  encoding: keyof typeof decoders,
  maxBodyBytes: number,
): Promise<Buffer | Fault> {
  try {
    return await decoders[encoding](bytes, { maxOutputLength: maxBodyBytes });
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (isTooLarge) return tooLarge(maxBodyBytes);
    return new Fault('invalid_request', { message: `The request body is not ${encoding}, which its head promises.` });
  }
}
