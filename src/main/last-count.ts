import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LastCount } from '../tenants/index.ts';

/** Remembers in the data folder how many gateways shared the limits: a restarted one takes its share from the start. */
export function lastCountIn(dataDirectory: string): LastCount {
  const path = join(dataDirectory, 'live-gateways');
  return {
    read() {
      try {
        const count = Number(readFileSync(path, 'utf8'));
        return Number.isSafeInteger(count) && count > 0 ? count : undefined;
      } catch {
        // Missing at the first start; unreadable is as good as missing, the next heartbeat tells.
        return undefined;
      }
    },
    write(count) {
      mkdirSync(dataDirectory, { recursive: true });
      writeFileSync(`${path}.new`, String(count), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}
