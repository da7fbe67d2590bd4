import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

/** What came over the wire, whether or not the answer was whole. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** Byte pieces in the order they arrived. */
  readonly pieces: readonly Buffer[];
  /** The body ended as HTTP says it should. */
  readonly isComplete: boolean;
  /** Code of the socket error, if there was one. */
  readonly errorCode: string | undefined;
}

/** Posts JSON and reports the answer as it came: cut, reset or complete. Never throws. */
export function postRaw(url: string, body: object, headers: Record<string, string> = {}): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let status = 0;
    let answerHeaders: IncomingHttpHeaders = {};
    const finish = (isComplete: boolean, errorCode: string | undefined): void => {
      const bytes = Buffer.concat(pieces);
      resolve({ status, headers: answerHeaders, bytes, text: bytes.toString(), pieces, isComplete, errorCode });
    };
    const outgoing = request(url, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json', ...headers },
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => finish(false, error.code ?? error.message));
    outgoing.on('response', (incoming) => {
      status = incoming.statusCode ?? 0;
      answerHeaders = incoming.headers;
      let errorCode: string | undefined;
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('error', (error: NodeJS.ErrnoException) => (errorCode = error.code));
      incoming.on('close', () => finish(incoming.complete, errorCode));
    });
    outgoing.end(JSON.stringify(body));
  });
}
