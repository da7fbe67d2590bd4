import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../../src/platform/logger.ts';
import { addressUrl, startEmbeddedServer } from '../../../src/storage/postgres/embedded/embedded-server.ts';

/** A database server of a journey's own, which gateways share and the journey can silence. */
export interface SharedServer {
  readonly url: string;
  /** Every process of it stands still: connections stay open and nobody answers. */
  hang(): void;
  goOn(): void;
  stop(): Promise<void>;
}

/** Starts it in a temporary folder. */
export async function startSharedServer(): Promise<SharedServer> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-shared-'));
  const flags = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };
  const server = await startEmbeddedServer({ folder, logger: silentLogger, flags, ballast: false });
  let silenced: number[] = [];
  const goOn = (): void => {
    for (const pid of silenced) signal(pid, 'SIGCONT');
    silenced = [];
  };
  return {
    url: addressUrl(server.address()),
    hang() {
      const pid = server.pid();
      if (pid === undefined) throw new Error('the server does not run');
      // First the one that makes new ones.
      signal(pid, 'SIGSTOP');
      silenced = [pid, ...childrenOf(pid)];
      for (const one of silenced) signal(one, 'SIGSTOP');
    },
    goOn,
    async stop() {
      goOn();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended in between: a connection was closed.
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isSafeInteger(pid) && parentOf(pid) === parent);
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}
