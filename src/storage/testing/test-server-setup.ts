import { createServer, type Server } from 'node:http';
import { makeTemplate, startTestServer, type TestServer } from './test-server.ts';

/** Where test processes ask for the database server of their run; it starts when the first one asks. */
export const testServerVariable = 'SWITCHYARD_TEST_POSTGRES_BROKER';

/**
 * Global setup of the test run: the server belongs to the process that outlives all workers. It costs a listening
 * socket unless a test needs a database, and several projects of one run share it.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env[testServerVariable] !== undefined) return undefined;
  let started: Promise<TestServer> | undefined;
  const broker = createServer((_request, response) => {
    started ??= useOrStartServer();
    started.then(
      ({ url }) => response.end(url),
      (error: unknown) => {
        response.statusCode = 500;
        response.end(String(error));
      },
    );
  });
  process.env[testServerVariable] = await listen(broker);
  return async () => {
    delete process.env[testServerVariable];
    broker.close();
    broker.closeAllConnections();
    const server = await started?.catch(() => undefined);
    await server?.stop();
  };
}

/** A server of the developer's choice, such as the oldest version we support; else one of our own. */
async function useOrStartServer(): Promise<TestServer> {
  const url = process.env['SWITCHYARD_TEST_DATABASE_URL'];
  if (url === undefined) return startTestServer();
  await makeTemplate(url);
  return { url, stop: async () => undefined };
}

async function listen(broker: Server): Promise<string> {
  await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
  broker.unref();
  const address = broker.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}
