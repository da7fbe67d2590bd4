import type { Server } from 'node:http';
import { createServer, type Server as SocketServer } from 'node:net';

/** Rejects when nobody could listen there now: better known before all else is opened, which takes its time. */
export async function ensureBindable(host: string, port: number): Promise<void> {
  const attempt = createServer();
  await listen(attempt, host, port);
  await new Promise<void>((resolve) => attempt.close(() => resolve()));
}

/** Starts to listen; resolves with the port, which the system chooses for 0. */
export function listen(server: SocketServer, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Lets running answers finish, then cuts what is left at the deadline. */
export async function closeServer(server: Server, drainMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const deadline = setTimeout(() => server.closeAllConnections(), drainMs);
  // Connections that become idle while draining would otherwise be kept for the next request.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  server.closeIdleConnections();
  await closed;
  clearTimeout(deadline);
  clearInterval(idle);
}
