import { dayText } from '../../domain/money/periods.ts';
import { PriceStore } from '../../catalog/index.ts';
import type { ExchangeBoard } from '../../gateway/index.ts';
import { newestExchangeMs, totalVariance, usage, type UsageDimension, type UsageRow } from '../../ledger/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../storage/index.ts';
import type { ReturnsDesk } from '../returns/returns-desk.ts';
import type { FigureSource } from './pages-app.ts';
import type { MoneyFigures, Overview, RankedFigure, SpendFigure } from './overview.ts';
import { readRows } from './read-rows.ts';
import type { ReturnFigures } from './return-cards.ts';

/** What the figures are read from. */
export interface FigureDeps {
  readonly board: ExchangeBoard;
  readonly clock: Clock;
  readonly returns: ReturnsDesk;
  database(): Database | undefined;
  /** Why there is no database, for people. */
  absence(): string | undefined;
}

const dayMs = 86_400_000;
const chartDays = 30;
const rankedRows = 8;
const shownReturns = 6;
const alertRows = 100;
/** Names of hosts that only simulate. */
const simulatedHost = 'sim';

/** Reads the figures of the pages: from memory what runs now, from rollups what it costs. */
export function createFigureSource(deps: FigureDeps): FigureSource {
  const available = (): Database | undefined => {
    const database = deps.database();
    return database?.isAvailable() === true ? database : undefined;
  };
  return {
    async overview(): Promise<Overview> {
      const { board, clock } = deps;
      const returns = readReturns(deps.returns);
      const atMs = clock.nowMs();
      const database = available();
      const money = database && (await readMoney(database, atMs));
      const { runningCount, total } = board;
      return { atMs, runningCount, total, money, returns: await returns, absence: deps.absence() };
    },
    rows(list, query) {
      const { board, returns, clock } = deps;
      return readRows(list, query, { database: available(), board, returns, atMs: clock.nowMs() });
    },
  };
}

async function readReturns(desk: ReturnsDesk): Promise<ReturnFigures> {
  const latest = await desk.latest();
  const reports = (latest?.jobs ?? []).map(({ report }) => report).filter(({ requests }) => requests > 0);
  const dearest = reports.toSorted((left, right) => (right.cost.totalNanos > left.cost.totalNanos ? 1 : -1));
  return {
    measuredAtMs: latest?.measuredAtMs,
    reports: dearest.slice(0, shownReturns),
    more: Math.max(0, reports.length - shownReturns),
    leftOut: latest?.leftOut ?? 0,
  };
}

/** The first instant of today and the first one after it, in UTC. */
function todayOf(atMs: number): { readonly fromMs: number; readonly toMs: number } {
  const fromMs = Math.floor(atMs / dayMs) * dayMs;
  return { fromMs, toMs: fromMs + dayMs };
}

async function readMoney(database: Database, atMs: number): Promise<MoneyFigures> {
  const { fromMs: today, toMs } = todayOf(atMs);
  const fromMs = toMs - chartDays * dayMs;
  const by = async (dimension: UsageDimension): Promise<readonly UsageRow[]> =>
    (await usage(database, { fromMs, toMs, groupBy: [dimension], limit: 1000 })).rows;
  const [byDay, customers, jobs, hosts, alerts] = await Promise.all([
    usage(database, { fromMs, toMs, every: 'day', limit: 1000 }),
    by('customer'),
    by('job'),
    by('host'),
    new PriceStore(database).listAlerts({ limit: alertRows }),
  ]);
  const open = alerts.filter(({ acknowledgedAtMs }) => acknowledgedAtMs === undefined);
  const spanOf = (label: string, days: number): SpendFigure =>
    sumOf(byDay.rows, { label, fromMs: toMs - days * dayMs, toMs });
  const total = spanOf('30 days', chartDays);
  return {
    spend: [sumOf(byDay.rows, { label: 'today', fromMs: today, toMs }), spanOf('7 days', 7), total],
    days: Array.from({ length: chartDays }, (_, day) => dayOf(byDay.rows, fromMs + day * dayMs)),
    customers: ranked(customers, { dimension: 'customer', sizeOf: ({ chargeNanos }) => chargeNanos, fromMs, toMs }),
    jobs: ranked(jobs, { dimension: 'job', sizeOf: ({ costNanos }) => costNanos, fromMs, toMs }),
    estimatedCostNanos: byDay.rows.reduce((sum, row) => sum + row.estimatedCostNanos, 0n),
    totalCostNanos: total.costNanos,
    unreconciledNanos: await totalVariance(database),
    alertCount: BigInt(open.length),
    alerts: open.slice(0, 3).map(({ endpointId, message }) => ({ subject: endpointId, summary: message })),
    isSimulatedOnly: hosts.length > 0 && hosts.every(({ dimensions }) => dimensions.host === simulatedHost),
    projectedToMs: (await newestExchangeMs(database)) ?? null,
  };
}

function sumOf(
  rows: readonly UsageRow[],
  { label, fromMs, toMs }: { readonly label: string; readonly fromMs: number; readonly toMs: number },
): SpendFigure {
  const inSpan = rows.filter(({ atMs = 0 }) => atMs >= fromMs && atMs < toMs);
  const sum = (amount: (row: UsageRow) => bigint): bigint => inSpan.reduce((total, row) => total + amount(row), 0n);
  return {
    label,
    costNanos: sum(({ costNanos }) => costNanos),
    chargeNanos: sum(({ chargeNanos }) => chargeNanos),
    requests: sum(({ requests }) => requests),
    unpriced: sum(({ unpriced }) => unpriced),
    href: `/rows/usage?by=model&from=${dayText(fromMs)}&to=${dayText(toMs)}`,
  };
}

function dayOf(rows: readonly UsageRow[], atMs: number): MoneyFigures['days'][number] {
  const row = rows.find((one) => one.atMs === atMs);
  return { dayMs: atMs, costNanos: row?.costNanos ?? 0n, chargeNanos: row?.chargeNanos ?? 0n };
}

function ranked(
  rows: readonly UsageRow[],
  order: {
    readonly dimension: 'customer' | 'job';
    sizeOf(row: UsageRow): bigint;
    readonly fromMs: number;
    readonly toMs: number;
  },
): RankedFigure[] {
  const { dimension, sizeOf, fromMs, toMs } = order;
  const largest = rows.toSorted((left, right) => (sizeOf(right) > sizeOf(left) ? 1 : -1)).slice(0, rankedRows);
  const span = `from=${dayText(fromMs)}&to=${dayText(toMs)}`;
  return largest.map((row) => {
    const name = row.dimensions[dimension] ?? '';
    const { requests, costNanos, chargeNanos } = row;
    const filter = `${dimension}=${encodeURIComponent(name)}`;
    const href = `/rows/usage?by=${dimension === 'customer' ? 'job' : 'customer'}&${filter}&${span}`;
    return { name: name === '' ? '(none)' : name, requests, costNanos, chargeNanos, href };
  });
}
