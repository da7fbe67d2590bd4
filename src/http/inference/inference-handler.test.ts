import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClientSink } from '../../dispatch/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { openAIChatInbound } from '../../protocols/index.ts';
import { localKey } from '../../tenants/index.ts';
import { createInferenceHandler, type InferenceDeps } from './inference-handler.ts';

let server: Server | undefined;

afterEach(() => server?.close());

async function ask(changes: Partial<InferenceDeps>): Promise<Response> {
  return fetch(`http://127.0.0.1:${await open(changes)}/v1/chat/completions`, { method: 'POST', body: '{}' });
}

async function open(changes: Partial<InferenceDeps>): Promise<number> {
  const config = { server: { clientStallMs: 1000, maxBodyBytes: 1000, bodyTimeoutMs: 1000 } };
  const handler = createInferenceHandler({
    inboundOf: () => openAIChatInbound,
    settings: () => ({ config, keys: { isEmpty: true, find: () => localKey } }),
    newId: (prefix: string) => `${prefix}_1`,
    admits: () => true,
    refused: () => undefined,
    logger: { error: () => undefined },
    ...changes,
  } as unknown as InferenceDeps);
  server = createServer((request, response) => void handler(request, response));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('the inference edge', () => {
  it('breaks one connection over a defect, and logs it', async () => {
    const logged: string[] = [];
    const gateway = { handle: () => Promise.reject(new TypeError('a defect')) };
    const logger = { error: (_fields: object, message: string) => logged.push(message) };
    await expect(ask({ gateway, logger } as unknown as Partial<InferenceDeps>)).rejects.toThrow();
    expect(logged).toEqual(['defect while receiving a request']);
  });

  it('counts what it turns away itself', async () => {
    const counted: string[] = [];
    const answer = await ask({ admits: () => false, refused: (fault) => counted.push(fault) });
    expect(answer.status).toBe(new Fault('shedding').kind.httpStatus);
    expect(counted).toEqual(['shedding']);
  });

  it('counts uploads while they are received and handled', async () => {
    let finish = (): void => undefined;
    const objects = {
      handle: (_request: object, sink: ClientSink) =>
        new Promise<void>((resolve) => {
          finish = () => {
            sink.start(200, {});
            sink.end('{}');
            resolve();
          };
        }),
    };
    const working: number[] = [];
    const admits = (count: number): boolean => working.push(count) > 0 && count < 1;
    const port = await open({ objects, admits } as unknown as Partial<InferenceDeps>);
    const upload = (): Promise<Response> => fetch(`http://127.0.0.1:${port}/v1/files`, { method: 'POST', body: 'x' });
    const first = upload();
    await expect.poll(() => working).toEqual([0]);
    expect((await upload()).status).toBe(503);
    finish();
    expect((await first).status).toBe(200);
    const third = upload();
    await expect.poll(() => working).toEqual([0, 1, 0]);
    finish();
    await third;
  });

  it('tells which methods a route takes', async () => {
    const port = await open({});
    const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('unpacks bodies, but no more of them than a body may have', async () => {
    const read: string[] = [];
    const gateway = {
      handle: ({ bytes }: { bytes: Buffer }, sink: ClientSink) => {
        read.push(bytes.toString());
        sink.start(200, {});
        sink.end('{}');
        return Promise.resolve();
      },
    };
    const port = await open({ gateway } as unknown as Partial<InferenceDeps>);
    const send = async (encoding: string, body: Buffer): Promise<number> => {
      const url = `http://127.0.0.1:${port}/v1/chat/completions`;
      const answer = await fetch(url, { method: 'POST', body, headers: { 'content-encoding': encoding } });
      await answer.text();
      return answer.status;
    };
    const text = Buffer.from('{"model":"m"}');
    expect(await send('gzip', gzipSync(text))).toBe(200);
    expect(await send('GZIP', gzipSync(text))).toBe(200);
    expect(await send('deflate', deflateSync(text))).toBe(200);
    expect(await send('br', brotliCompressSync(text))).toBe(200);
    expect(read).toEqual(Array.from({ length: 4 }, () => '{"model":"m"}'));
    expect(await send('gzip', gzipSync(Buffer.alloc(100_000)))).toBe(413);
    expect(await send('gzip', text)).toBe(400);
    expect(await send('compress', text)).toBe(400);
    expect(read).toHaveLength(4);
  });
});
