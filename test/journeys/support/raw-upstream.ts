import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** One request as it came, with the answer to write. */
export interface RawCall {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly bodyText: string;
  readonly body: Record<string, unknown>;
  readonly response: ServerResponse;
}

/** An upstream whose every byte the test writes itself. */
export interface RawUpstream {
  /** Base URL of all dialects. */
  readonly baseUrl: string;
  readonly calls: readonly RawCall[];
  close(): Promise<void>;
}

/** Starts a server that answers each model (or Gemini path) by a function of its own. */
export async function startRawUpstream(answer: (call: RawCall, model: string) => void): Promise<RawUpstream> {
  const calls: RawCall[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    response.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bodyText = Buffer.concat(chunks).toString();
      const body = JSON.parse(bodyText) as Record<string, unknown>;
      const path = decodeURIComponent(request.url ?? '/');
      const call = { path, headers: request.headers, bodyText, body, response };
      calls.push(call);
      const model = /models\/([^:]+):/.exec(path)?.[1] ?? String(body['model']);
      answer(call, model);
    });
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Sends a whole stream of events in one go. */
export function sendStream(response: ServerResponse, bytes: string | Buffer): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(bytes);
}
