import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startGateway } from '../gateway/systems.ts';
import { median, rounded } from '../gateway/statistics.ts';
import type { Section } from '../section.ts';

const ownerToken = 'swo_bench-0123456789abcdef0123456789abcdef';
const pollMs = 5;

/** From the start of the process until the control API answers from the database, which is after it takes requests. */
export const starts: Section = {
  name: 'starts with a database',
  async measure({ quick }) {
    const first: number[] = [];
    const existing: number[] = [];
    for (let round = 0; round < (quick ? 1 : 5); round++) {
      const folder = mkdtempSync(join(tmpdir(), 'switchyard-starts-'));
      try {
        first.push(await startOnce(folder));
        existing.push(await startOnce(folder));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
    return [
      { name: 'first start until the database answers', value: median(first), unit: 'ms', goal: { atMost: 4000 } },
      { name: 'start with an existing database', value: median(existing), unit: 'ms', goal: { atMost: 800 } },
    ];
  },
};

async function startOnce(folder: string): Promise<number> {
  const startMs = performance.now();
  const { process } = await startGateway({
    durability: 'durable',
    // Nobody asks a model here.
    upstreamPort: 9,
    folder,
    settings: { database: 'embedded' },
    environment: { SWITCHYARD_OWNER_TOKEN: ownerToken },
  });
  try {
    while (!(await answers(process.port))) await pause(pollMs);
    return rounded(performance.now() - startMs);
  } finally {
    await process.stop();
  }
}

async function answers(port: number): Promise<boolean> {
  const headers = { authorization: `Bearer ${ownerToken}` };
  const { ok, body } = await fetch(`http://127.0.0.1:${port}/api/v1/customers`, { headers });
  await body?.cancel();
  return ok;
}
