import type { IncomingMessage } from 'node:http';
import { Fault } from '../../domain/faults/fault.ts';
import { decodeBody, isKnownEncoding } from './decode-body.ts';
import { tooLarge } from './too-large.ts';

type Limits = { readonly maxBodyBytes: number; readonly bodyTimeoutMs: number };

/**
 * Reads a request body up to a limit, unpacked; `too_large` and `body_timeout` otherwise. Resolves with undefined when the
 * client left. `accept` is called once the head promises a body that may be read.
 */
export function readBody(
  request: IncomingMessage,
  limits: Limits,
  accept: () => void,
): Promise<Buffer | Fault | undefined> {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase();
  if (encoding === undefined || encoding === 'identity') return receive(request, limits, accept);
  if (isKnownEncoding(encoding)) {
    return receive(request, limits, accept).then((packed) =>
      packed === undefined || Fault.is(packed) ? packed : decodeBody(packed, encoding, limits.maxBodyBytes),
    );
  }
  const known = 'send gzip, deflate, br or the body as it is';
  const message = `content-encoding "${encoding.slice(0, 100)}" is not supported; ${known}.`;
  return Promise.resolve(new Fault('invalid_request', { message }));
}

function receive(request: IncomingMessage, limits: Limits, accept: () => void): Promise<Buffer | Fault | undefined> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limits.maxBodyBytes) return Promise.resolve(tooLarge(limits.maxBodyBytes));
  accept();
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let sizeBytes = 0;
    const timer = setTimeout(() => settle(new Fault('body_timeout')), limits.bodyTimeoutMs);
    const settle = (result: Buffer | Fault | undefined): void => {
      clearTimeout(timer);
      request.off('data', onData);
      resolve(result);
      // The listeners live as long as the connection; what was read does not.
      chunks = [];
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes > limits.maxBodyBytes) settle(tooLarge(limits.maxBodyBytes));
    };
    request.on('data', onData);
    request.on('end', () => settle(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on('close', () => settle(undefined));
    request.on('error', () => settle(undefined));
  });
}
