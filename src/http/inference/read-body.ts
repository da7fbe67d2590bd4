import type { IncomingMessage } from 'node:http';
import { Fault } from '../../domain/faults/fault.ts';

/**
 * Reads a request body up to a limit; `too_large` and `body_timeout` otherwise. Resolves with undefined when the client
 * left. `accept` is called once the head promises a body that may be read.
 */
export function readBody(
  request: IncomingMessage,
  limits: { readonly maxBodyBytes: number; readonly bodyTimeoutMs: number },
  accept: () => void,
): Promise<Buffer | Fault | undefined> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return Promise.resolve(
      new Fault('invalid_request', {
        message: `content-encoding "${encoding}" is not supported; send the body as it is.`,
      }),
    );
  }
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

function tooLarge(maxBodyBytes: number): Fault {
  return new Fault('too_large', { message: `The request body exceeds the limit of ${maxBodyBytes} bytes.` });
}
