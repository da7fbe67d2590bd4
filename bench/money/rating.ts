import type { Price, PriceContract } from '../../src/domain/rating/price.ts';
import { rate, type RatingContext } from '../../src/domain/rating/rating.ts';
import type { Usage } from '../../src/domain/rating/usage.ts';
import type { Figure, Section } from '../section.ts';

const plain: Price = {
  versionId: 'plain',
  picosPerUnit: { input: 3_000_000n, cacheRead: 300_000n, cacheWrite5m: 3_750_000n, output: 15_000_000n },
};
const tiered: Price = {
  ...plain,
  versionId: 'tiered',
  rules: [
    { when: { minTotalInputGt: 200_000 }, picosPerUnit: { input: 6_000_000n, output: 22_500_000n } },
    { when: { serviceTier: 'priority' }, picosPerUnit: { input: 5_000_000n } },
    { when: { utcStartMs: 59_400_000, utcEndMs: 1_800_000 }, picosPerUnit: { output: 7_500_000n } },
  ],
  batchRatioPpm: 500_000n,
};
const contract: PriceContract = { versionId: 'contract', ratioPpm: 850_000n };

/** What requests mostly use: a cached prompt with an answer, now and then with reasoning, a search, or a long prompt. */
const usages: readonly Usage[] = [
  { buckets: { input: 812, cacheRead: 4096, output: 240 }, source: 'provider' },
  { buckets: { input: 1530, output: 96 }, source: 'provider' },
  { buckets: { input: 402, cacheRead: 9000, cacheWrite5m: 1200, output: 310, reasoning: 900 }, source: 'provider' },
  { buckets: { input: 260_000, output: 1200, requests: 2 }, source: 'provider', servedTier: 'default' },
  { buckets: { input: 700, output: 55 }, source: 'estimated' },
];

/** Ratings per second on one core, by kind of price. */
export const rating: Section = {
  name: 'rating',
  async measure({ quick }) {
    const durationMs = quick ? 300 : 1500;
    const at: RatingContext = { startedAtMs: Date.parse('2026-03-01T12:00:00Z') };
    const goal = { atLeast: 300_000 };
    const kinds: readonly (readonly [string, Price, RatingContext])[] = [
      ['plain price', plain, at],
      ['price with rules', tiered, at],
      ['price with rules, contract', tiered, { ...at, contract }],
    ];
    return kinds.map(([name, price, context]): Figure => {
      const value = ratingsPerSecond(price, context, durationMs);
      return { name: `rating, ${name}`, value, unit: 'requests/s per core', goal };
    });
  },
};

/** By the processor's time rather than the clock's: what else runs on the machine does not count. */
function ratingsPerSecond(price: Price, context: RatingContext, durationMs: number): number {
  const perRound = 2000;
  runRound(price, context, perRound * 10);
  let rounds = 0;
  let usedMs = 0;
  const before = process.cpuUsage();
  while (usedMs < durationMs) {
    runRound(price, context, perRound);
    rounds++;
    const { user, system } = process.cpuUsage(before);
    usedMs = (user + system) / 1000;
  }
  return Math.round((rounds * perRound * 1000) / usedMs);
}

function runRound(price: Price, context: RatingContext, count: number): void {
  let sum = 0n;
  for (let index = 0; index < count; index++) {
    const usage = usages[index % usages.length];
    if (usage) sum += rate(usage, price, context).costNanos ?? 0n;
  }
  if (sum === 0n) throw new Error('nothing was rated');
}
