import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { Fault } from '../../src/domain/faults/fault.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { type Database, openDatabase } from '../../src/storage/index.ts';
import {
  type BudgetRule,
  ChargeProjector,
  type Hold,
  type ProjectedCharge,
  ReservationGate,
  type Spender,
  SpendingService,
  type SpendingRules,
} from '../../src/tenants/index.ts';
import type { Section } from '../section.ts';

/** What admission costs in process, and what leases of many gateways ask of one database. */
export interface AdmissionFigures {
  /** One admit and settle over five hard budgets and three rate limits. */
  readonly admitSettleMicros: { readonly p50: number; readonly p99: number };
  readonly leases: {
    readonly gateways: number;
    readonly requestsPerSecond: number;
    readonly refused: number;
    /** Requests that waited for a lease. */
    readonly waitedShare: number;
    readonly admitMs: { readonly p50: number; readonly p99: number; readonly max: number };
    readonly leaseWritesPerSecond: number;
    /** spent + leased stayed within the limit whenever it was looked at. */
    readonly isWithinLimit: boolean;
  };
}

/** The section of `bench:money` about limits. */
export const admission: Section = {
  name: 'admission',
  async measure({ quick }) {
    const { admitSettleMicros, leases } = await measureAdmission({ quick });
    return [
      { name: 'admit and settle, p50', value: round(admitSettleMicros.p50), unit: 'µs', goal: { atMost: 15 } },
      { name: 'admit and settle, p99', value: round(admitSettleMicros.p99), unit: 'µs' },
      {
        name: `requests over ${leases.gateways} gateways with leases`,
        value: leases.requestsPerSecond,
        unit: '/s',
        goal: { atLeast: 4_900 },
      },
      { name: 'refused although the budget had room', value: leases.refused, unit: '', goal: { atMost: 0 } },
      { name: 'requests that waited for a lease', value: round(leases.waitedShare * 100), unit: '%' },
      { name: 'admission with leases, p50', value: round(leases.admitMs.p50), unit: 'ms' },
      { name: 'admission with leases, p99', value: round(leases.admitMs.p99), unit: 'ms' },
      { name: 'lease rows written', value: leases.leaseWritesPerSecond, unit: '/s' },
      { name: 'counters beyond their limit', value: leases.isWithinLimit ? 0 : 1, unit: '', goal: { atMost: 0 } },
    ];
  },
};

const gatewayCount = 10;
const ratePerGateway = 500;
const holdNanos = 20_000_000n;
const chargeNanos = 6_000_000n;
const exchangeMs = 200;
const warmUpSeconds = 4;
const projectEveryMs = 250;
const limitNanos = 100_000_000_000_000n;
const spender: Spender = { customer: 'acme', key: 'web', endUser: 'ann', job: 'chat', project: 'site' };

/** Measures admission. */
export async function measureAdmission({ quick }: { readonly quick: boolean }): Promise<AdmissionFigures> {
  const admitSettleMicros = measureGate(quick ? 50_000 : 500_000);
  const folder = mkdtempSync(join(process.cwd(), '.bench-admission-'));
  const database = await openDatabase({ folder, clock: systemClock, logger: silentLogger });
  try {
    return { admitSettleMicros, leases: await measureLeases(database, quick ? 4 : 20) };
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function measureGate(count: number): AdmissionFigures['admitSettleMicros'] {
  const gate = new ReservationGate({ clock: systemClock });
  gate.setRules(rules());
  const timesMs = new Float64Array(count);
  for (let index = 0; index < count * 1.1; index++) {
    const startedMs = performance.now();
    const hold = gate.admit({
      exchangeId: `exchange-${index}`,
      spender,
      amountNanos: holdNanos,
      tokensEstimate: 1,
      atMs: systemClock.nowMs(),
    });
    if (hold instanceof Promise || Fault.is(hold)) throw new Error('the gate of the measurement refuses');
    hold.settle(chargeNanos, systemClock.nowMs(), 1);
    const measured = index - Math.floor(count * 0.1);
    if (measured >= 0) timesMs[measured] = performance.now() - startedMs;
  }
  timesMs.sort();
  return { p50: rank(timesMs, 0.5) * 1_000, p99: rank(timesMs, 0.99) * 1_000 };
}

async function measureLeases(database: Database, seconds: number): Promise<AdmissionFigures['leases']> {
  await insertBudgets(database);
  const gateways = await Promise.all(Array.from({ length: gatewayCount }, async (_, index) => start(database, index)));
  const load = { admitMs: [] as number[], waited: 0, refused: 0, isWithinLimit: true };
  // Cold gateways ask for every budget at once; what is measured is how they go on.
  await offer(gateways, { ...load, admitMs: [] }, { database, seconds: warmUpSeconds });
  const before = await grantCount(database);
  const startedMs = performance.now();
  const sent = await offer(gateways, load, { database, seconds });
  const elapsedSeconds = (performance.now() - startedMs) / 1_000;
  await pause(exchangeMs * 2);
  await project(database, gateways);
  load.isWithinLimit &&= await isWithinLimit(database);
  const grants = (await grantCount(database)) - before;
  for (const { service } of gateways) await service.close();
  const sorted = Float64Array.from(load.admitMs).sort();
  return {
    gateways: gatewayCount,
    requestsPerSecond: Math.round(sent / elapsedSeconds),
    refused: load.refused,
    waitedShare: load.waited / sent,
    admitMs: { p50: rank(sorted, 0.5), p99: rank(sorted, 0.99), max: rank(sorted, 1) },
    leaseWritesPerSecond: Math.round(grants / elapsedSeconds),
    isWithinLimit: load.isWithinLimit,
  };
}

/** Sends at the set rate and projects as it goes; answers how many were sent. */
async function offer(
  gateways: readonly BenchGateway[],
  load: Load,
  { database, seconds }: { readonly database: Database; readonly seconds: number },
): Promise<number> {
  const startedMs = performance.now();
  let sent = 0;
  let projecting: Promise<void> | undefined;
  while (performance.now() - startedMs < seconds * 1_000) {
    const due = Math.floor(((performance.now() - startedMs) / 1_000) * ratePerGateway * gatewayCount);
    for (; sent < due; sent++) {
      const gateway = gateways[sent % gatewayCount];
      if (gateway !== undefined) exchange(gateway, load, `${startedMs}-${sent}`);
    }
    projecting ??= pause(projectEveryMs)
      .then(() => project(database, gateways))
      .finally(() => {
        projecting = undefined;
      });
    await pause(2);
  }
  await projecting;
  return sent;
}

interface BenchGateway {
  readonly id: string;
  readonly service: SpendingService;
  journal: ProjectedCharge[];
}

interface Load {
  readonly admitMs: number[];
  waited: number;
  refused: number;
}

async function start(database: Database, index: number): Promise<BenchGateway> {
  const id = `gateway-${index}`;
  const settings = { clock: systemClock, logger: silentLogger, gatewayId: id, mode: 'chunked' as const };
  const service = new SpendingService({ ...settings, database: () => database });
  service.setRules({ ...rules(), rates: [] });
  await service.start();
  return { id, service, journal: [] };
}

function exchange(gateway: BenchGateway, load: Load, serial: string): void {
  const startedMs = performance.now();
  const startedAtMs = systemClock.nowMs();
  const exchangeId = `exchange-${serial}`;
  const request = { exchangeId, spender, amountNanos: holdNanos, tokensEstimate: 1, atMs: startedAtMs };
  const finish = (answer: Hold | Fault): void => {
    load.admitMs.push(performance.now() - startedMs);
    if (Fault.is(answer)) {
      load.refused++;
      return;
    }
    setTimeout(() => {
      gateway.journal.push({ exchangeId, gatewayId: gateway.id, spender, chargeNanos, startedAtMs });
      answer.settle(chargeNanos, systemClock.nowMs());
    }, exchangeMs);
  };
  const answer = gateway.service.gate.admit(request);
  if (!(answer instanceof Promise)) {
    finish(answer);
    return;
  }
  load.waited++;
  void answer.then(finish);
}

async function project(database: Database, gateways: readonly BenchGateway[]): Promise<void> {
  const projector = new ChargeProjector();
  const rows = gateways.flatMap((gateway) => gateway.journal.splice(0));
  if (rows.length === 0) return;
  await database.db.transaction().execute(async (trx) => projector.settleProjected(trx, rows));
}

function rules(): SpendingRules {
  const rule = (scope: BudgetRule['scope'], name: string): BudgetRule => ({
    id: `bench:${scope}`,
    scope,
    name,
    limitNanos,
    period: 'month',
    isHard: true,
  });
  return {
    budgets: [
      rule('key', 'web'),
      rule('endUser', '*'),
      rule('project', 'site'),
      rule('customer', 'acme'),
      rule('organisation', 'all'),
    ],
    rates: [
      { scope: 'key', name: '*', requestsPerMinute: 1e12, tokensPerMinute: 1e12, concurrent: 1_000 },
      { scope: 'endUser', name: '*', requestsPerMinute: 1e12, concurrent: 1_000 },
      { scope: 'customer', name: 'acme', requestsPerMinute: 1e12 },
    ],
    timeZone: 'UTC',
    timeZones: new Map(),
  };
}

async function insertBudgets(database: Database): Promise<void> {
  await database.db
    .insertInto('budget')
    .values(
      rules().budgets.map(({ id, scope, name, period }) => ({
        id,
        scope,
        name,
        customer_id: null,
        period,
        limit_nanos: limitNanos,
        is_hard: true,
        time_zone: null,
        counted_from_ms: 0n,
        source: 'api' as const,
        status: 'active' as const,
        created_at_ms: 0n,
        updated_at_ms: 0n,
      })),
    )
    .execute();
}

/** How often a lease was written, as the server counts it. */
async function grantCount(database: Database): Promise<number> {
  await sql`SELECT pg_stat_force_next_flush()`.execute(database.db);
  const { rows } = await sql<{ writes: bigint }>`
    SELECT n_tup_ins + n_tup_upd AS writes FROM pg_stat_user_tables WHERE relname = 'budget_lease'`.execute(
    database.db,
  );
  return Number(rows[0]?.writes ?? 0n);
}

async function isWithinLimit(database: Database): Promise<boolean> {
  const rows = await database.db.selectFrom('spending_counter').select(['spent_nanos', 'leased_nanos']).execute();
  return rows.every(({ spent_nanos, leased_nanos }) => spent_nanos + leased_nanos <= limitNanos);
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

function rank(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
