import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createInstantHandler } from './answers/instant.ts';
import { createRequestHandler } from './handle-request.ts';
import type { Simulator, SimulatorOptions } from './simulator-options.ts';
import { createSimulatorState } from './simulator-state.ts';

const keepAliveMs = 65_000;

/**
 * Starts a server that behaves like the providers: every dialect on one port, with scripted faults and counters.
 *
 * @example
 * const simulator = await startSimulator({ script: 'delay=50' });
 * // base URL for an OpenAI client: `${simulator.url}/v1`
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  let port = 0;
  const state = createSimulatorState(options, () => port);
  const handler = options.instant === true ? createInstantHandler(state) : createRequestHandler(state);
  const server = createServer({ keepAliveTimeout: keepAliveMs, requestTimeout: 0 }, handler);
  server.on('connection', (socket) => {
    state.counters.connection(1);
    socket.once('close', () => state.counters.connection(-1));
  });
  const host = options.host ?? '127.0.0.1';
  port = await listen(server, host, options.port ?? 0);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    close: () => closeServer(server),
    stats: () => state.counters.snapshot(),
    reset: () => state.reset(),
    script: (model, ...scripts) => state.scripts.set(model, scripts),
    mark: () => state.counters.mark(),
    onChange: (listener) => state.counters.onChange(listener),
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
