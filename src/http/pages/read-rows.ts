import { PriceStore } from '../../catalog/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { ExchangeBoard } from '../../gateway/index.ts';
import { listVariances, recentExchanges, usage, type UsageDimension, usageDimensions } from '../../ledger/index.ts';
import type { Database } from '../../storage/index.ts';
import { countText, usdText } from './amounts.ts';
import { dayText } from '../../domain/money/periods.ts';
import { timeText } from './page-time.ts';
import { returnRows, type ReturnSource } from './return-rows.ts';
import type { Cell, RowsView } from './rows-page.ts';

/** Parameters of a page of rows, as a browser sends them. */
export type RowsQuery = { readonly [name: string]: string };

interface RowsDeps {
  readonly database: Database | undefined;
  readonly board: ExchangeBoard;
  readonly returns: ReturnSource;
  readonly atMs: number;
}

const dayMs = 86_400_000;
const text = (value: string, href?: string): Cell => ({ text: value === '' ? '(none)' : value, href });
const amount = (value: string): Cell => ({ text: value, isAmount: true });

/** Reads the rows behind a figure; undefined when there is no such list. */
export async function readRows(list: string, query: RowsQuery, deps: RowsDeps): Promise<RowsView | undefined> {
  if (list === 'returns') return returnRows(query, deps.returns);
  const read = Object.hasOwn(lists, list) ? lists[list] : undefined;
  if (read === undefined) return undefined;
  if (deps.database) return read(query, { ...deps, database: deps.database });
  if (list === 'requests') return runningRequests(deps);
  throw new Fault('database_unavailable');
}

type Reader = (query: RowsQuery, deps: RowsDeps & { readonly database: Database }) => Promise<RowsView>;

const lists: { readonly [list: string]: Reader } = {
  requests: requestRows,
  usage: usageRows,
  alerts: alertRows,
  reconciliation: reconciliationRows,
};

const running = { columns: [{ label: 'Request' }, { label: 'Key' }, { label: 'Model' }, { label: 'Since' }] };

function runningRequests({ board }: Pick<RowsDeps, 'board'>): RowsView {
  const rows = board
    .running(100)
    .map((one) => [text(one.requestId), text(one.key), text(one.model), text(timeText(one.startedAtMs))]);
  return { title: 'Requests now', lead: 'Those that run, longest first.', ...running, rows, filters: [] };
}

async function requestRows(query: RowsQuery, { database, board }: Parameters<Reader>[1]): Promise<RowsView> {
  const { customer = '', job = '', model = '', cursor, estimated } = query;
  const given = { customer, job, model };
  const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
  const page = await recentExchanges(database, { ...chosen, limit: 100, cursor });
  const shown = estimated === 'yes' ? page.rows.filter(({ isEstimated }) => isEstimated) : page.rows;
  return {
    title: estimated === 'yes' ? 'Requests with estimated usage' : 'Requests',
    lead: `${countText(board.runningCount)} running now; below, those that ended, newest first.`,
    columns: [
      { label: 'Started' },
      { label: 'Customer' },
      { label: 'Job' },
      { label: 'Model' },
      { label: 'Host' },
      { label: 'Status' },
      { label: 'Charge', isAmount: true },
      { label: 'Cost', isAmount: true },
      { label: 'Margin', isAmount: true },
    ],
    rows: shown.map((row) => [
      text(timeText(row.startedAtMs)),
      text(row.customer),
      text(row.job),
      text(row.model),
      text(row.host),
      text(row.isEstimated ? `${row.status}, estimated` : row.status),
      amount(usdText(row.chargeNanos)),
      amount(usdText(row.costNanos)),
      amount(usdText(row.marginNanos)),
    ]),
    filters: [
      { name: 'customer', label: 'Customer', value: customer },
      { name: 'job', label: 'Job', value: job },
      { name: 'model', label: 'Model', value: model },
    ],
    next: page.nextCursor === undefined ? undefined : `?${new URLSearchParams({ ...query, cursor: page.nextCursor })}`,
  };
}

async function usageRows(query: RowsQuery, { database, atMs }: Parameters<Reader>[1]): Promise<RowsView> {
  const toMs = dayFrom(query['to']) ?? Math.floor(atMs / dayMs) * dayMs + dayMs;
  const fromMs = dayFrom(query['from']) ?? toMs - 30 * dayMs;
  const by = usageDimensions.find((dimension) => dimension === query['by'] && dimension !== 'endUser') ?? 'model';
  const filters = (['customer', 'job', 'model', 'host'] as const).filter((name) => query[name] !== undefined);
  const where = Object.fromEntries(filters.map((name) => [name, query[name] ?? '']));
  if (fromMs >= toMs) throw new Fault('invalid_request', { message: 'The time must begin before it ends.' });
  const page = await usage(database, { fromMs, toMs, groupBy: [by], where, limit: 100, cursor: query['cursor'] });
  const said = filters.map((name) => `${name} ${query[name] === '' ? '(none)' : query[name]}`).join(', ');
  return {
    title: `Usage by ${titles[by]}`,
    lead: `${dayText(fromMs)} until ${dayText(toMs)}, days of UTC${said === '' ? '' : `; ${said}`}.`,
    columns: [
      { label: titles[by] },
      { label: 'Requests', isAmount: true },
      { label: 'Charge', isAmount: true },
      { label: 'Cost', isAmount: true },
      { label: 'Margin', isAmount: true },
      { label: 'Estimated', isAmount: true },
      { label: 'Without price', isAmount: true },
    ],
    rows: page.rows.map((row) => [
      text(row.dimensions[by] ?? ''),
      amount(countText(row.requests)),
      amount(usdText(row.chargeNanos)),
      amount(usdText(row.costNanos)),
      amount(usdText(row.marginNanos)),
      amount(usdText(row.estimatedCostNanos)),
      amount(countText(row.unpriced)),
    ]),
    filters: [
      { name: 'from', label: 'From', value: dayText(fromMs) },
      { name: 'to', label: 'Until', value: dayText(toMs) },
      { name: 'by', label: 'By', value: by },
      ...filters.map((name) => ({ name, label: titles[name], value: query[name] ?? '' })),
    ],
    next: page.nextCursor === undefined ? undefined : `?${new URLSearchParams({ ...query, cursor: page.nextCursor })}`,
  };
}

const titles: { readonly [Dimension in UsageDimension]: string } = {
  customer: 'Customer',
  key: 'Key',
  job: 'Job',
  model: 'Model',
  host: 'Host',
  endUser: 'End user',
  feature: 'Feature',
  project: 'Project',
};

function dayFrom(value: string | undefined): number | undefined {
  const atMs = value !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(`${value}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs;
}

async function alertRows(_query: RowsQuery, { database }: Parameters<Reader>[1]): Promise<RowsView> {
  const alerts = await new PriceStore(database).listAlerts({ limit: 200 });
  return {
    title: 'Price alerts',
    lead: 'Prices that moved, margins that they took under a floor, names that stand for another model, routes that are gone; newest first.',
    columns: [
      { label: 'Raised' },
      { label: 'Endpoint' },
      { label: 'What' },
      { label: 'Sources' },
      { label: 'Seen to by' },
    ],
    rows: alerts.map((one) => [
      text(timeText(one.raisedAtMs)),
      text(one.endpointId),
      text(one.message),
      text(one.sources.join(', ')),
      text(one.acknowledgedBy ?? 'open'),
    ]),
    filters: [],
  };
}

async function reconciliationRows(_query: RowsQuery, { database }: Parameters<Reader>[1]): Promise<RowsView> {
  const variances = await listVariances(database, 200);
  return {
    title: 'Reconciliation',
    lead: 'What hosts billed and what we counted, for each imported bill; newest first.',
    columns: [
      { label: 'Host' },
      { label: 'From' },
      { label: 'Until' },
      { label: 'Ours', isAmount: true },
      { label: 'Theirs', isAmount: true },
      { label: 'Difference', isAmount: true },
    ],
    rows: variances.map((row) => [
      text(row.host),
      text(dayText(row.firstDay * dayMs)),
      text(dayText(row.lastDay * dayMs)),
      amount(usdText(row.oursNanos)),
      amount(usdText(row.theirsNanos)),
      amount(usdText(row.varianceNanos)),
    ]),
    filters: [],
  };
}
