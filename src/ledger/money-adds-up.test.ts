import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chargeOf } from '../domain/charges/charge.ts';
import type { AbortFact, AttemptFact, Fact, FinalFact, OpenFact } from '../domain/facts/facts.ts';
import { monthOf } from '../domain/money/periods.ts';
import { readPlan, type PlanTerms } from '../domain/charges/plan-terms.ts';
import type { Price, PriceContract } from '../domain/rating/price.ts';
import { rateAttempt } from '../domain/rating/rate-attempt.ts';
import type { UsageBuckets } from '../domain/rating/usage.ts';
import { createSeededRandom } from '../platform/random.ts';
import { openTestDatabase, type TestDatabase } from '../storage/testing/open-test-database.ts';
import { InvoiceFixture } from './invoices/testing/invoice-fixture.ts';
import { checkSums } from './rebuild/check-sums.ts';
import {
  bookedSums,
  projectAll,
  quietPorts,
  shuffled,
  temporaryFolder,
  writeJournal,
} from './testing/ledger-harness.ts';

let opened: TestDatabase;
beforeAll(async () => {
  opened = await openTestDatabase();
});
afterAll(() => opened.close());
const database = () => opened.database;
const dayMs = 86_400_000;
const firstMs = Date.UTC(2026, 1, 26);
const zones = ['UTC', 'Asia/Kolkata', 'Pacific/Chatham', 'America/New_York'] as const;
const picos = fc.bigInt(0n, 80_000_000n);
const units = fc.nat(40_000);
const usdPerMillion = fc.integer({ min: 0, max: 9_000_000 }).map((micros) => (micros / 1e6).toFixed(6));

const priceOf = fc.record({ input: picos, cacheRead: picos, output: picos });
const usageOf = fc.record({ input: units, cacheRead: units, output: units });
const attemptOf = fc.record({
  host: fc.nat(1),
  usage: usageOf,
  isBatch: fc.boolean(),
  isContract: fc.boolean(),
  fate: fc.constantFrom('lost', 'empty'),
});
const exchangeOf = fc.record({
  customer: fc.nat(1),
  offsetMs: fc.nat(3).map((quarter) => quarter * 11 * dayMs + 3_600_000),
  totalMs: fc.nat(20_000),
  attempts: fc.array(attemptOf, { minLength: 1, maxLength: 3 }),
  end: fc.constantFrom('completed', 'completed', 'aborted', 'failed', 'crash'),
});
const listed = { input: usdPerMillion, cacheRead: usdPerMillion, output: usdPerMillion };
const termsOf: fc.Arbitrary<PlanTerms> = fc.oneof(
  fc.record({ markupPercent: fc.nat(99).map(String), attempts: fc.constantFrom('last' as const, 'all' as const) }),
  fc.record({ prices: fc.record({ m: fc.record(listed) }), chargeFloorPercent: fc.constantFrom('100', '110.5') }),
  fc.record({ jobPrices: fc.constant({ triage: '0.0123456' }), baseFee: fc.constantFrom('0', '31', '49.99') }),
);
const worldOf = fc.record({
  prices: fc.tuple(priceOf, priceOf),
  batchPpm: fc.constantFrom(500_000n, 333_333n),
  contractPpm: fc.bigInt(1n, 1_200_000n),
  terms: fc.tuple(termsOf, termsOf),
  zones: fc.tuple(fc.constantFrom(...zones), fc.constantFrom(...zones)),
  exchanges: fc.array(exchangeOf, { minLength: 4, maxLength: 10 }),
  seed: fc.integer(),
  batchBytes: fc.constantFrom(2_000, 1 << 20),
});

type World = typeof worldOf extends fc.Arbitrary<infer Value> ? Value : never;

/** What the facts say, added up without any code of the ledger. */
interface Told {
  readonly facts: Fact[];
  readonly charges: { readonly customer: string; readonly startedAtMs: number; readonly chargeNanos: bigint }[];
  costNanos: bigint;
}

/** Exchanges as a gateway writes them: rated by its prices, charged by its plans. */
function tell(world: World, prices: readonly Price[], contract: PriceContract): Told {
  const plans = world.terms.map((terms, index) =>
    readPlan({ name: `c${index}`, versionId: `c${index}@1`, validFromMs: 0 }, terms),
  );
  const told: Told = { facts: [], charges: [], costNanos: 0n };
  for (const [index, exchange] of world.exchanges.entries()) {
    const startedAtMs = firstMs + exchange.offsetMs;
    const tail = index.toString(16).padStart(20, '0');
    const requestId = `req_${startedAtMs.toString(16).padStart(12, '0')}${tail}`;
    const customer = `c${exchange.customer}`;
    const who = { requestId, key: `${customer}-key`, customer, model: 'm', job: 'triage', endUser: 'e' } as const;
    const rated = exchange.attempts.map((attempt, number): AttemptFact => {
      const fact: AttemptFact = {
        type: 'attempt',
        requestId,
        attempt: number + 1,
        host: `h${attempt.host}`,
        upstreamModel: 'u',
        dialect: 'openai-chat',
        startedAtMs,
        totalMs: 5,
        usage: attempt.usage,
        usageSource: 'provider',
        costNanos: null,
        priceVersionId: `v${attempt.host}`,
        flags: [],
        ...(attempt.isBatch && { batch: true }),
        ...(attempt.isContract && { contractVersionId: contract.versionId }),
      };
      const rating = rateAttempt(fact, prices[attempt.host], attempt.isContract ? contract : undefined);
      return { ...fact, costNanos: String(rating?.costNanos) };
    });
    const costNanos = rated.reduce((sum, fact) => sum + BigInt(fact.costNanos ?? 0), 0n);
    told.costNanos += costNanos;
    const open: OpenFact = {
      type: 'open',
      ...who,
      atMs: startedAtMs,
      dialect: 'openai-chat',
      operation: 'generate',
      stream: true,
      inputEstimateTokens: 1,
    };
    const atMs = startedAtMs + exchange.totalMs;
    if (exchange.end === 'crash') {
      const abort: AbortFact = {
        type: 'abort',
        requestId,
        atMs,
        estimated: true,
        costNanos: String(costNanos),
        reason: 'crash',
      };
      told.facts.push(open, ...rated, abort);
      continue;
    }
    const lastIndex = rated.length - 1;
    const fateOf = (number: number): 'delivered' | 'lost' | 'empty' =>
      number === lastIndex && exchange.end !== 'failed'
        ? 'delivered'
        : (exchange.attempts[number]?.fate as 'lost' | 'empty');
    const charge = chargeOf(plans[exchange.customer] ?? expect.unreachable(), {
      model: 'm',
      job: 'triage',
      status: exchange.end,
      attempts: rated.map((fact, number) => ({
        fate: fateOf(number),
        usage: fact.usage as UsageBuckets,
        costNanos: BigInt(fact.costNanos ?? 0),
      })),
    });
    const final: FinalFact = {
      type: 'final',
      ...who,
      atMs,
      status: exchange.end,
      httpStatus: 200,
      host: rated[lastIndex]?.host ?? '',
      attempts: rated.length,
      costNanos: String(costNanos),
      chargeNanos: String(charge.chargeNanos),
      absorbedNanos: String(charge.absorbedNanos),
      planVersionId: charge.planVersionId,
      cache: 'miss',
      totalMs: exchange.totalMs,
      ...(exchange.end !== 'failed' && rated[lastIndex]?.usage && { usage: rated[lastIndex].usage }),
    };
    told.facts.push(open, ...rated, final);
    told.charges.push({ customer, startedAtMs, chargeNanos: charge.chargeNanos ?? expect.unreachable() });
  }
  return told;
}

it(
  'invoice = ledger = sum of facts, exactly, for any usage, prices, plans and failures',
  { timeout: 120_000 },
  async () => {
    const { db } = database();
    await fc.assert(
      fc
        .asyncProperty(worldOf, async (world) => {
          const prices = world.prices.map((picosPerUnit, host): Price => {
            return { versionId: `v${host}`, picosPerUnit, batchRatioPpm: world.batchPpm };
          });
          const contract: PriceContract = { versionId: 'contract', ratioPpm: world.contractPpm };
          const told = tell(world, prices, contract);
          const fixture = new InvoiceFixture(database());
          for (const [index, terms] of world.terms.entries()) {
            await fixture.addCustomer(`c${index}`, { timeZone: world.zones[index] ?? 'UTC' });
            await fixture.subscribe(`c${index}`, terms, { fromMs: 0 });
          }
          const random = createSeededRandom(world.seed);
          const again = told.facts.filter(() => random.unit() < 0.3);
          const directory = temporaryFolder();
          await writeJournal(directory, shuffled([...told.facts, ...again], random), 4_000);
          const versions = {
            load: () => Promise.resolve(),
            price: (id: string) => prices.find(({ versionId }) => versionId === id),
            contract: () => contract,
          };
          const { ports } = quietPorts({ versions });
          await projectAll(db, directory, { ports, maxBytes: world.batchBytes });
          expect(await db.selectFrom('quarantine').select(['reason', 'detail']).execute()).toEqual([]);

          const chargeNanos = told.charges.reduce((sum, charge) => sum + charge.chargeNanos, 0n);
          const sums = await bookedSums(db);
          expect(new Set(Object.values(sums.cost))).toEqual(new Set([told.costNanos]));
          expect(new Set(Object.values(sums.charge))).toEqual(new Set([chargeNanos]));
          expect((await checkSums(database(), directory)).problems).toEqual([]);

          for (const [index, terms] of world.terms.entries()) {
            const customer = `c${index}`;
            const { startMs, endMs } = monthOf(2026, 3, world.zones[index] ?? 'UTC');
            const ofMonth = told.charges
              .filter(
                (charge) => charge.customer === customer && charge.startedAtMs >= startMs && charge.startedAtMs < endMs,
              )
              .reduce((sum, charge) => sum + charge.chargeNanos, 0n);
            const fee = readPlan({ name: 'p', versionId: 'p', validFromMs: 0 }, terms).baseFeeNanos;
            const { row, lines } = await fixture.bill(customer, 3);
            expect(row.net_nanos).toBe(ofMonth + fee);
            expect(lines.reduce((sum, line) => sum + line.amountNanos, 0n)).toBe(ofMonth + fee);
            expect(row.total_nanos + row.carry_out_nanos).toBe(ofMonth + fee);
            const all = told.charges.filter((charge) => charge.customer === customer);
            const elsewhere = all.reduce((sum, charge) => sum + charge.chargeNanos, 0n) - ofMonth;
            expect(await fixture.balance('accrued', customer)).toBe(elsewhere);
            expect(await fixture.balance('receivable', customer)).toBe(row.total_nanos);
          }
          const [one] = await db
            .selectFrom('ledger_entry')
            .select(({ fn }) => fn.sum<bigint>('amount_nanos').as('sum'))
            .execute();
          expect(one?.sum ?? 0n).toBe(0n);
        })
        .beforeEach(() => opened.empty()),
      { numRuns: 3, endOnFailure: true },
    );
  },
);
