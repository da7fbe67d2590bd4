import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../platform/clock.ts';
import { closeServer, listen } from '../listen.ts';
import { createControlApp } from './control-app.ts';
import { databaseChangeBook } from './framework/change-book.ts';
import { route } from './framework/route.ts';

const shared = { tag: 'test', scope: 'organisation', roles: ['owner'], withoutDatabase: true } as const;
const removed: string[] = [];
const routes = [
  route({
    ...shared,
    operationId: 'removeNote',
    method: 'delete',
    path: '/notes/{note}',
    summary: 'Removes a note.',
    status: 204,
    audit: 'note.remove',
    params: z.strictObject({ note: z.string() }),
    answer: z.undefined(),
    handle({ params }) {
      removed.push(params.note);
      return Promise.resolve(undefined);
    },
  }),
  route({
    ...shared,
    operationId: 'addNote',
    method: 'post',
    path: '/notes',
    summary: 'Adds a note.',
    audit: 'note.add',
    maxBodyBytes: 1000,
    body: z.strictObject({ text: z.string() }),
    answer: z.object({ text: z.string() }),
    handle: ({ body }) => Promise.resolve(body),
  }),
];

/** Over a real connection: what stands in for requests elsewhere has bodies that real ones have not. */
describe('bodies of control calls', () => {
  let server: Server;
  let url: string;
  const headers = { authorization: 'Bearer owner', 'content-type': 'application/json' };

  beforeAll(async () => {
    const app = createControlApp(routes, {
      clock: systemClock,
      changes: databaseChangeBook,
      database: () => undefined,
      absence: () => undefined,
      identify: () => Promise.resolve({ name: 'owner', role: 'owner' }),
      troubled: () => undefined,
    });
    const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
    server = createServer((request, response) => void listener(request, response));
    url = `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}/api/v1`;
  });
  afterAll(() => closeServer(server, 100));

  /** In pieces, so that no size is announced. */
  const inPieces = (text: string): RequestInit =>
    ({ method: 'POST', headers, body: new Blob([text]).stream(), duplex: 'half' }) as RequestInit;

  it('may be absent', async () => {
    const { status } = await fetch(`${url}/notes/one`, { method: 'DELETE', headers });
    expect([status, removed]).toEqual([204, ['one']]);
  });

  it('may come in pieces', async () => {
    const answer = await fetch(`${url}/notes`, inPieces(JSON.stringify({ text: 'grüße' })));
    expect([answer.status, await answer.json()]).toEqual([200, { text: 'grüße' }]);
  });

  it('are bounded, announced or not', async () => {
    const large = JSON.stringify({ text: 'x'.repeat(1000) });
    const announced = await fetch(`${url}/notes`, { method: 'POST', headers, body: large });
    const unannounced = await fetch(`${url}/notes`, inPieces(large));
    expect([announced.status, unannounced.status]).toEqual([413, 413]);
  });
});
