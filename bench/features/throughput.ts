import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHelper, startLoadGenerator } from '../gateway/bench-process.ts';
import { measureCell } from '../gateway/measure-throughput.ts';
import { rounded } from '../gateway/statistics.ts';
import { startGateway, type System } from '../gateway/systems.ts';
import { workloadOf } from '../gateway/workloads.ts';
import type { Section } from '../section.ts';

const connections = 10;
const chat = workloadOf('chat');
const customer = 'acme';
const job = 'bench';

/** Candidates of one dialect, so that no translation is measured with routing. */
const candidates = Object.fromEntries(
  ['bench-chat', 'bench-chat-2', 'bench-chat-3'].map((name, index) => [
    name,
    { endpoints: [{ host: 'chat', model: 'upstream-model', price: { input: 0.15 + index, output: 0.6 + index } }] },
  ]),
);

/** Settings of each gateway on top of those all have; every one has a database of its own. */
const settings = {
  plain: { database: 'embedded', customers: [{ name: customer }] },
  budgets: {
    database: 'embedded',
    customers: [{ name: customer }],
    // One for each scope that every request has, none of them near its end.
    budgets: ['key', 'customer', 'organisation'].map((scope) => ({ scope, limitUsd: '1000000.00' })),
  },
  routing: {
    database: 'embedded',
    customers: [{ name: customer }],
    models: candidates,
    jobs: {
      [job]: {
        models: Object.keys(candidates),
        value: { lowUsd: '0.01', midUsd: '0.03', highUsd: '0.10' },
        floor: { incumbent: 'bench-chat', margin: 0.02 },
      },
    },
  },
} as const;

/** Requests per second with budgets and with routing as shares of those without; the three take turns. */
export const throughput: Section = {
  name: 'throughput with budgets and with routing',
  async measure({ quick }) {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-features-'));
    const upstream = await startHelper('instant-upstream.ts');
    const generator = await startLoadGenerator();
    const systems: System[] = [];
    try {
      for (const name of ['plain', 'budgets', 'routing'] as const) {
        const wanted = { upstreamPort: upstream.port, folder: join(folder, name), settings: settings[name], customer };
        const { process, requestOf } = await startGateway({ durability: 'durable', ...wanted });
        systems.push({ name, process, requestOf: name === 'routing' ? () => requestOf(asJob()) : requestOf });
      }
      const pace = quick ? { rounds: 3, durationMs: 500 } : { rounds: 9, durationMs: 2000 };
      const { systems: measured } = await measureCell(generator, systems, { workload: chat, connections, pace });
      const { plain, budgets, routing } = measured;
      const errors = (plain?.errors ?? 0) + (budgets?.errors ?? 0) + (routing?.errors ?? 0);
      const shareOf = (one = plain): number => rounded((one?.requestsPerSecond ?? 0) / (plain?.requestsPerSecond ?? 1));
      return [
        { name: 'requests without budgets and routing', value: plain?.requestsPerSecond ?? 0, unit: '/s' },
        { name: 'with budgets of three scopes', value: shareOf(budgets), unit: '', goal: { atLeast: 0.9 } },
        { name: 'with routing among three models', value: shareOf(routing), unit: '', goal: { atLeast: 0.85 } },
        { name: 'failed requests', value: errors, unit: '', goal: { atMost: 0 } },
      ];
    } finally {
      await Promise.all([...systems.map(({ process }) => process.stop()), upstream.stop(), generator.stop()]);
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function asJob(): { readonly path: string; readonly requestBody: string } {
  return { path: chat.path, requestBody: chat.requestBody.replace(`"${chat.model}"`, `"job/${job}"`) };
}
