import { createSeededRandom } from '../../src/platform/random.ts';
import { askLoss, askPrice, LogColumns } from '../../src/reports/index.ts';
import type { Figure, Section } from '../section.ts';

const models = ['alpha/large', 'alpha/small', 'beta/large', 'beta/small', 'gamma/large', 'gamma/small'];
const hosts = ['alpha', 'beta', 'gamma'];

/** Replaying a month of a busy gateway: both ways of routing, exposure and every customer. */
export const whatIf: Section = {
  name: 'what-if',
  async measure({ quick }) {
    const count = quick ? 200_000 : 1_000_000;
    const log = makeLog(count);
    const goal = { atMost: 5 * (count / 1_000_000) };
    const unit = `s for ${count.toLocaleString('en-US')} requests`;
    const timed = (name: string, work: () => unknown): Figure => {
      const startedMs = performance.now();
      if (work() === undefined) throw new Error('nothing was replayed');
      return { name, value: Math.round(performance.now() - startedMs) / 1000, unit, goal };
    };
    return [
      timed('what-if, another price', () => askPrice(log, { subject: 'alpha', ratioPpm: 3_750_000n })),
      timed('what-if, a lost host', () => askLoss(log, { host: 'alpha', requestsPerMinute: new Map([['beta', 900]]) })),
    ];
  },
};

function makeLog(count: number): LogColumns {
  const random = createSeededRandom(1);
  const log = new LogColumns();
  for (let row = 0; row < count; row++) {
    const candidates = models.map((model, at) => {
      const quality = 0.7 + 0.05 * (5 - at) + 0.1 * random.unit();
      const costNanos = Math.round(4_000_000 / (at + 1) + 500_000 * random.unit());
      return { model, quality, costNanos, utility: quality - costNanos / 1e8, isExcluded: at === row % 9 };
    });
    const chosen = row % 4;
    const cost = BigInt(candidates[chosen]?.costNanos ?? 0);
    log.add({
      atMs: row * 2_592,
      customer: `customer-${row % 1_000}`,
      job: `job-${row % 20}`,
      model: models[chosen] ?? '',
      host: hosts[chosen >> 1] ?? '',
      costNanos: cost,
      chargeNanos: (cost * 13n) / 10n,
      isPassedOn: row % 10 === 0,
      valueNanos: 1e8,
      candidates,
      otherHosts: row % 3 === 0 ? ['gamma'] : [],
    });
    if (row % 3 === 0) log.judge(row, row % 15 === 0 ? 0 : 1);
  }
  return log;
}
