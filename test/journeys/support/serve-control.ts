import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { ControlHarness } from '../../../src/http/control/testing/control-harness.ts';
import { listen } from '../../../src/http/listen.ts';

/** Serves the control API on a free port of loopback, for clients that need an address. */
export async function serveControl({ app }: ControlHarness): Promise<{ readonly url: string; close(): void }> {
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer((request, response) => void listener(request, response));
  const port = await listen(server, '127.0.0.1', 0);
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
