import type { Server, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Config } from '../config/index.ts';
import { acceptBody, declineBody } from './accept-body.ts';
import { listen } from './listen.ts';
import { createHttpServer, type ServerParts } from './server.ts';
import { createStatusHandler } from './status-routes.ts';

let server: Server | undefined;
let socket: Socket | undefined;

afterEach(() => {
  socket?.destroy();
  server?.close();
});

const settings = { maxHeaderBytes: 4096, headersTimeoutMs: 100, bodyTimeoutMs: 100 } as Config['server'];

/** Sends raw bytes to a server that answers as told; gives what came back until the server closed. */
async function exchange(
  text: string,
  answer: (response: ServerResponse, client: Socket) => void,
  changes: Partial<ServerParts> = {},
): Promise<string> {
  server = createHttpServer(settings, {
    inference: (_request, response) => {
      if (socket) answer(response, socket);
      return true;
    },
    status: () => false,
    corsOrigins: () => [],
    control: () => undefined,
    troubled: () => undefined,
    ...changes,
  });
  const port = await listen(server, '127.0.0.1', 0);
  const opened = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket = opened;
  const chunks: Buffer[] = [];
  opened.on('data', (chunk: Buffer) => chunks.push(chunk));
  opened.write(text);
  return new Promise((resolve) => {
    const finished = (): void => resolve(Buffer.concat(chunks).toString('latin1'));
    opened.on('end', finished);
    opened.on('error', finished);
  });
}

describe('the HTTP server', () => {
  it('answers a head that it cannot read, and closes although the client does not', async () => {
    const seen = await exchange('NONSENSE\r\n\r\n', () => undefined);
    expect(seen).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(seen).toContain('"code":"invalid_request"');
  });

  it('never writes a refusal into the middle of another answer', async () => {
    const seen = await exchange('GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n', (response, client) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n', () => client.write('NONSENSE\r\n\r\n'));
    });
    expect(seen).toContain('data: 1');
    expect(seen.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it('asks for no body before somebody wants it', async () => {
    const head = 'POST /v1/files HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n';
    const refused = await exchange(head, (response) => {
      declineBody(response.req, response);
      response.writeHead(401).end();
    });
    expect(refused.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 401']);
    const accepted = await exchange(head, (response, client) => {
      acceptBody(response.req, response);
      response.req.resume().on('end', () => {
        response.shouldKeepAlive = false;
        response.writeHead(200).end();
      });
      client.write('hello');
    });
    expect(accepted.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200']);
  });

  it('gives figures without a token to this machine alone, not to whom a proxy on it speaks for', async () => {
    const deps = { metrics: { render: () => 'figures' }, notReady: () => undefined, isOwner: () => false };
    const status = createStatusHandler(deps as unknown as Parameters<typeof createStatusHandler>[0]);
    const ask = (more: string): Promise<string> =>
      exchange(`GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${more}\r\n`, () => undefined, {
        inference: () => false,
        status,
      });
    expect(await ask('')).toContain('200 OK');
    expect(await ask('x-forwarded-for: 203.0.113.7\r\n')).toContain('401');
    expect(await ask('forwarded: for=203.0.113.7\r\n')).toContain('401');
  });

  it('ends a connection whose body goes on after it was turned away', async () => {
    const head = 'POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n';
    let drip: NodeJS.Timeout | undefined;
    const seen = await exchange(head, (response, client) => {
      response.req.resume();
      response.writeHead(401).end();
      drip = setInterval(() => client.write('x'), 20);
    });
    clearInterval(drip);
    expect(seen.match(/HTTP\/1\.1/g)).toEqual(['HTTP/1.1']);
    expect(seen).toContain('401');
  });

  it('goes on when a connection cannot be accepted', async () => {
    const troubles: string[] = [];
    const seen = exchange(
      'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      (response) => {
        server?.emit('error', new Error('EMFILE'));
        response.end('fine');
      },
      { troubled: ({ message }) => void troubles.push(message) },
    );
    expect(await seen).toContain('fine');
    expect(troubles).toEqual(['EMFILE']);
  });
});
