import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../testing/open-test-database.ts';
import { ServerWatch } from './server-watch.ts';

let opened: TestDatabase;

beforeEach(async () => {
  opened = await openTestDatabase();
});
afterEach(() => opened.close());

it('leaves no connection behind when it is closed while it connects: that would keep the process alive', async () => {
  const { hostname, port } = new URL(opened.url);
  let letThrough: () => void = () => undefined;
  const asked = new Promise<Socket>((resolve) => {
    const proxy = createServer((socket) => {
      letThrough = () => {
        const server = connect(Number(port), hostname);
        server.on('error', () => socket.destroy());
        socket.pipe(server).pipe(socket);
      };
      socket.on('error', () => undefined);
      proxy.close();
      resolve(socket);
    });
    proxy.listen(0, '127.0.0.1', () => {
      const url = new URL(opened.url);
      url.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      watch = new ServerWatch({ source: () => ({ connectionString: url.href }), intervalMs: 1 });
    });
  });
  let watch: ServerWatch | undefined;
  const socket = await asked;
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const closing = watch?.close();
  letThrough();
  await closing;
  await gone;
  expect(socket.destroyed).toBe(true);
});
