import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import { silentLogger } from '../../platform/logger.ts';
import { openTestDatabase, type TestDatabase } from '../../storage/testing/open-test-database.ts';
import { ChargeProjector } from './charge-projector.ts';
import type { Hold, ProjectedCharge, Spender, SpendingNotice } from './contract.ts';
import { DatabaseLeases } from './database-leases.ts';
import { listGateways, releaseLeases } from './gateway-registry.ts';
import { ReservationGate } from './reservation-gate.ts';
import { readSpendingRules } from './spending-rules.ts';
import { SpendingService } from './spending-service.ts';
import type { Database } from '../../storage/index.ts';

const spender: Spender = { customer: 'acme', key: 'web' };
const limitNanos = 100_000_000n;
const slow = { timeout: 30_000, interval: 5 };

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(async () => test.close());

/** What gateways still have under way must not reach into the next test. */
const openGateways: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of openGateways.splice(0)) await close();
});

beforeEach(async () => {
  const { db } = test.database;
  for (const table of ['budget_lease', 'gateway', 'spending_counter', 'budget'] as const) {
    await db.deleteFrom(table).execute();
  }
  await makeBudget('b', limitNanos);
});

async function makeBudget(id: string, limit: bigint): Promise<void> {
  const { db } = test.database;
  await db
    .insertInto('budget')
    .values({
      id,
      scope: 'customer',
      name: 'acme',
      customer_id: null,
      period: 'lifetime',
      limit_nanos: limit,
      is_hard: true,
      time_zone: null,
      counted_from_ms: 0n,
      source: 'api',
      status: 'active',
      created_at_ms: 0n,
      updated_at_ms: 0n,
    })
    .execute();
}

/** One gateway process. Its clock stands still unless moved. */
async function startGateway(gatewayId: string, mode: 'whole' | 'chunked', database = test.database) {
  let nowMs = 1_000_000;
  let serial = 0;
  const notices: SpendingNotice[] = [];
  const notice = (one: SpendingNotice): number => notices.push(one);
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const leases = new DatabaseLeases({ database: () => database, gatewayId, clock, logger: silentLogger, mode, notice });
  const gate = new ReservationGate({ clock, leases, notice });
  gate.setRules(await readSpendingRules(database.db));
  await leases.tick(gate.counters);
  openGateways.push(() => leases.close(gate.counters));
  return {
    gate,
    leases,
    notices,
    tick: () => leases.tick(gate.counters),
    advance: (ms: number) => {
      nowMs += ms;
    },
    admit: async (amountNanos: bigint): Promise<Hold | Fault> =>
      gate.admit({ exchangeId: `${gatewayId}-${serial++}`, spender, amountNanos, tokensEstimate: 0, atMs: nowMs }),
  };
}

function held(answer: Hold | Fault): Hold {
  if (Fault.is(answer)) throw answer;
  return answer;
}

function codeOf(answer: Hold | Fault): string {
  return Fault.is(answer) ? answer.code : 'admitted';
}

async function project(gatewayId: string, ...charges: bigint[]) {
  const rows = charges.map((chargeNanos, index): ProjectedCharge => ({
    exchangeId: `x${index}`,
    gatewayId,
    spender,
    chargeNanos,
    startedAtMs: 1_000_000,
  }));
  const projector = new ChargeProjector();
  return test.database.db.transaction().execute(async (trx) => projector.settleProjected(trx, rows));
}

async function counter() {
  const row = await test.database.db.selectFrom('spending_counter').selectAll().executeTakeFirstOrThrow();
  return { spent: row.spent_nanos, leased: row.leased_nanos };
}

describe('leases of budgets', () => {
  it('one gateway alone owns the whole rest and admits at once from then on', async () => {
    const { admit, gate } = await startGateway('solo', 'whole');
    held(await admit(60_000_000n));
    expect(await counter()).toEqual({ spent: 0n, leased: limitNanos });
    const answer = gate.admit({ exchangeId: 'now', spender, amountNanos: 40_000_000n, tokensEstimate: 0, atMs: 0 });
    expect(answer).not.toBeInstanceOf(Promise);
    expect(codeOf(await admit(1n))).toBe('budget_exceeded');
  });

  it('several gateways share a budget without a promise beyond it', async () => {
    const gateways = await Promise.all(['a', 'b', 'c'].map(async (id) => startGateway(id, 'chunked')));
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => gateways[index % 3]?.admit(5_000_000n) ?? new Fault('internal')),
    );
    expect(answers.filter((answer) => !Fault.is(answer))).toHaveLength(20);
    expect(answers.filter(Fault.is).every(({ code }) => code === 'budget_exceeded')).toBe(true);
    expect(await counter()).toEqual({ spent: 0n, leased: limitNanos });
  });

  it('what the projector moves is what the gateway has used: nothing is counted twice', async () => {
    const { admit, tick } = await startGateway('a', 'chunked');
    for (const charge of [3_000_000n, 4_000_000n]) held(await admit(10_000_000n)).settle(charge, 0);
    await project('a', 3_000_000n, 4_000_000n);
    await tick();
    await tick();
    expect(await counter()).toEqual({ spent: 7_000_000n, leased: 0n });
    held(await admit(93_000_000n));
    expect(codeOf(await admit(1n))).toBe('budget_exceeded');
  });

  it('[money 46] the used part of a killed gateway is charged, the rest comes back', async () => {
    const dead = await startGateway('dead', 'chunked');
    held(await dead.admit(3_000_000n)).settle(3_000_000n, 0);
    held(await dead.admit(17_000_000n));
    expect(await counter()).toEqual({ spent: 0n, leased: 20_000_000n });
    await test.database.db.updateTable('gateway').set({ expires_at_ms: 0n }).where('gateway_id', '=', 'dead').execute();

    const other = await startGateway('other', 'chunked');
    await other.tick();
    expect((await listGateways(test.database)).map(({ gatewayId, status }) => `${gatewayId} ${status}`)).toEqual([
      'dead in_doubt',
      'other live',
    ]);
    held(await other.admit(75_000_000n)).release();
    expect(codeOf(await other.admit(90_000_000n))).toBe('budget_unavailable');

    await project('dead', 3_000_000n);
    expect(await releaseLeases(test.database, { gatewayId: 'dead' })).toBe(17_000_000n);
    await other.tick();
    await other.tick();
    expect(await counter()).toEqual({ spent: 3_000_000n, leased: 0n });
    other.advance(200);
    held(await other.admit(97_000_000n));
  });

  it('[money 47] a settle after the lease was given away is posted, and told', async () => {
    const late = await startGateway('slow', 'chunked');
    const hold = held(await late.admit(20_000_000n));
    await releaseLeases(test.database, { gatewayId: 'slow' });
    const other = await startGateway('other', 'chunked');
    held(await other.admit(100_000_000n)).settle(100_000_000n, 0);
    await project('other', 100_000_000n);
    hold.settle(15_000_000n, 0);
    const { notices } = await project('slow', 15_000_000n);
    expect(await counter()).toEqual({ spent: 115_000_000n, leased: 0n });
    expect(notices.map(({ kind }) => kind).sort()).toEqual(['late_settle', 'over_limit']);
    expect(codeOf(await other.admit(1n))).toBe('budget_exceeded');
  });

  it('a gateway whose leases were taken starts a new run and leases again what it still holds', async () => {
    const gateway = await startGateway('a', 'chunked');
    held(await gateway.admit(20_000_000n));
    await releaseLeases(test.database, { gatewayId: 'a' });
    await gateway.tick();
    expect(gateway.notices).toEqual([{ kind: 'fenced', subject: 'a' }]);
    held(await gateway.admit(80_000_000n));
    expect(await counter()).toEqual({ spent: 0n, leased: limitNanos });
  });

  it('a later run of the same gateway fences the earlier one for good', async () => {
    const first = await startGateway('a', 'chunked');
    held(await first.admit(10_000_000n));
    const second = await startGateway('a', 'chunked');
    await first.tick();
    expect(codeOf(await first.admit(1n))).toBe('budget_unavailable');
    held(await second.admit(90_000_000n)).release();
    expect(codeOf(await second.admit(100_000_000n))).toBe('budget_unavailable');
    await releaseLeases(test.database, { gatewayId: 'a', beforeEpoch: second.leases.run?.epoch });
    await second.tick();
    await second.tick();
    second.advance(200);
    held(await second.admit(100_000_000n));
  });

  it('a gateway stops using its lease in time when it cannot renew it, and answers 503', async () => {
    const gateway = await startGateway('a', 'chunked');
    held(await gateway.admit(1_000_000n));
    held(await gateway.admit(4_000_000n)).release();
    gateway.advance(7_999);
    held(await gateway.admit(1_000_000n));
    gateway.advance(1);
    const refused = await gateway.admit(1_000_000n);
    expect(Fault.is(refused) && [refused.code, refused.kind.httpStatus, refused.retryAfterMs]).toEqual([
      'budget_unavailable',
      503,
      2_000,
    ]);
    await gateway.tick();
    held(await gateway.admit(1_000_000n));
  });

  it('[money 45] what exceeds a hold shrinks the rest for every gateway', async () => {
    const gateway = await startGateway('a', 'whole');
    held(await gateway.admit(90_000_000n)).settle(120_000_000n, 0);
    expect(codeOf(await gateway.admit(1n))).toBe('budget_exceeded');
    await project('a', 120_000_000n);
    expect(await counter()).toEqual({ spent: 120_000_000n, leased: 0n });
    expect(codeOf(await gateway.admit(1n))).toBe('budget_exceeded');
  });

  it('[money 50] a lowered limit takes back what is unused, a raised one is used at once', async () => {
    const gateway = await startGateway('a', 'whole');
    const running = held(await gateway.admit(60_000_000n));
    const setLimit = async (limit: bigint): Promise<void> => {
      await test.database.db.updateTable('budget').set({ limit_nanos: limit }).execute();
      gateway.gate.setRules(await readSpendingRules(test.database.db));
    };
    await setLimit(50_000_000n);
    expect(codeOf(await gateway.admit(1n))).toBe('budget_exceeded');
    // The unused part goes back behind the refusal.
    await vi.waitFor(async () => expect(await counter()).toEqual({ spent: 0n, leased: 60_000_000n }), slow);
    running.settle(40_000_000n, 0);
    await setLimit(200_000_000n);
    gateway.advance(200);
    held(await gateway.admit(160_000_000n));
    expect(await counter()).toEqual({ spent: 0n, leased: 200_000_000n });
  });

  it('corrections move what is spent and no lease', async () => {
    const gateway = await startGateway('a', 'whole');
    held(await gateway.admit(10n)).settle(10n, 0);
    await project('a', 10n);
    const row = { exchangeId: 'x0', gatewayId: 'a', spender, startedAtMs: 1, isCorrection: true };
    await test.database.db
      .transaction()
      .execute(async (trx) => new ChargeProjector().settleProjected(trx, [{ ...row, chargeNanos: -4n }]));
    expect(await counter()).toEqual({ spent: 6n, leased: limitNanos - 10n });
  });

  it('a request waits for a hanging database no longer than it is told to', async () => {
    let answerNow = (): void => undefined;
    const answer = new Promise<void>((resolve) => {
      answerNow = resolve;
    });
    let isHanging = false;
    const hanging: Database = {
      ...test.database,
      get db() {
        return isHanging ? answeringAfter(answer, test.database.db) : test.database.db;
      },
      isAvailable: () => true,
    };
    const leases = new DatabaseLeases({
      database: () => hanging,
      gatewayId: 'patient',
      clock: { nowMs: () => 1_000_000, monotonicMs: () => 1_000_000 },
      logger: silentLogger,
      mode: 'chunked',
      answerWithinMs: 20,
    });
    const gate = new ReservationGate({ clock: { nowMs: () => 1, monotonicMs: () => 1 }, leases });
    gate.setRules(await readSpendingRules(test.database.db));
    await leases.tick(gate.counters);
    isHanging = true;
    const ask = { exchangeId: 'x', spender, amountNanos: 1n, tokensEstimate: 0, atMs: 1 };
    expect(codeOf(await gate.admit(ask))).toBe('budget_unavailable');
    answerNow();
    await leases.close(gate.counters);
  });
});

/** The same database, whose answers wait. */
function answeringAfter(answer: Promise<void>, db: Database['db']): Database['db'] {
  return db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      await answer;
      return result;
    },
  });
}

describe('rate limits of several gateways', () => {
  const perMinute = 60;
  const admittedBy = async (settings: Partial<ConstructorParameters<typeof SpendingService>[0]>): Promise<number> => {
    const clock = { nowMs: () => 1_000_000, monotonicMs: () => 1_000_000 };
    const service = new SpendingService({ clock, logger: silentLogger, gatewayId: 'g', ...settings });
    service.setRules({
      budgets: [],
      rates: [{ scope: 'customer', name: 'acme', requestsPerMinute: perMinute }],
      timeZone: 'UTC',
      timeZones: new Map(),
    });
    let admitted = 0;
    for (let index = 0; index < 2 * perMinute; index += 1) {
      const request = { exchangeId: `r${index}`, spender, amountNanos: 0n, tokensEstimate: 0, atMs: clock.nowMs() };
      if (!Fault.is(await service.gate.admit(request))) admitted += 1;
    }
    return admitted;
  };
  const away = { database: () => undefined, mode: 'chunked' } as const;

  it('are a share before the first heartbeat: the one it had, or half when nobody knows', async () => {
    const whole = await admittedBy({});
    expect(await admittedBy({ ...away, lastCount: { read: () => 3, write: () => undefined } })).toBe(whole / 3);
    expect(await admittedBy({ ...away, lastCount: { read: () => undefined, write: () => undefined } })).toBe(whole / 2);
  });

  it('are remembered also when the first number heard is the one that was assumed', async () => {
    const written: number[] = [];
    const clock = { nowMs: () => 1_000_000, monotonicMs: () => 1_000_000 };
    const lastCount = { read: () => undefined, write: (count: number) => void written.push(count) };
    const settings = { clock, logger: silentLogger, mode: 'chunked', database: () => test.database } as const;
    await new SpendingService({ ...settings, gatewayId: 'other' }).tick();
    const service = new SpendingService({ ...settings, gatewayId: 'only', lastCount });
    expect(service.liveGateways).toBe(2);
    await service.tick();
    expect(written).toEqual([2]);
  });

  it('hold although their number cannot be kept', async () => {
    const clock = { nowMs: () => 1_000_000, monotonicMs: () => 1_000_000 };
    const write = (): void => {
      throw new Error('no space left on device');
    };
    const lastCount = { read: () => 4, write };
    const settings = { clock, logger: silentLogger, mode: 'chunked', database: () => test.database } as const;
    const service = new SpendingService({ ...settings, gatewayId: 'only', lastCount });
    await service.tick();
    expect(service.liveGateways).toBe(1);
  });

  it('are remembered as soon as another number of gateways is live', async () => {
    const written: number[] = [];
    const clock = { nowMs: () => 1_000_000, monotonicMs: () => 1_000_000 };
    const lastCount = { read: () => 4, write: (count: number) => void written.push(count) };
    const settings = { clock, logger: silentLogger, mode: 'chunked', database: () => test.database } as const;
    const service = new SpendingService({ ...settings, gatewayId: 'only', lastCount });
    expect(service.liveGateways).toBe(4);
    await service.tick();
    await service.tick();
    expect([service.liveGateways, written]).toEqual([1, [1]]);
  });
});
