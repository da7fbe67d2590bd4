import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { chargeOf } from '../../src/domain/charges/charge.ts';
import type { Fact } from '../../src/domain/facts/facts.ts';
import { formatDay } from '../../src/domain/money/periods.ts';
import { readPlan, type PlanTerms } from '../../src/domain/charges/plan-terms.ts';
import type { Price } from '../../src/domain/rating/price.ts';
import { rate } from '../../src/domain/rating/rating.ts';
import type { UsageBuckets } from '../../src/domain/rating/usage.ts';
import type { Invoice } from '../../src/ledger/invoices/invoice-rows.ts';
import { formatDecimal } from '../../src/ledger/invoices/render/format-amount.ts';
import { InvoiceFixture } from '../../src/ledger/invoices/testing/invoice-fixture.ts';
import { Reconciler } from '../../src/ledger/reconciliation/reconciler.ts';
import { projectAll, writeJournal } from '../../src/ledger/testing/ledger-harness.ts';
import { openTestDatabase, type TestDatabase } from '../../src/storage/testing/open-test-database.ts';
import { readShared, readTable } from './price-history-data.ts';

const host = 'upstream';
const startMs = Date.UTC(2026, 2, 1);
const monthMs = 31 * 86_400_000;
const firstDay = startMs / 86_400_000;
/** Every so many windows of the trace stand for one request. */
const stride = 6;

const models: { readonly [workload: string]: string } = {
  'm-small': 'small',
  'mm-image': 'vision',
  'deepseek-r1': 'reasoner',
};
const prices: { readonly [model: string]: Price } = {
  small: { versionId: 'small@1', picosPerUnit: { input: 400_000n, cacheRead: 40_000n, output: 1_600_000n } },
  vision: { versionId: 'vision@1', picosPerUnit: { input: 2_500_000n, cacheRead: 1_250_000n, output: 10_000_000n } },
  reasoner: {
    versionId: 'reasoner@1',
    picosPerUnit: { input: 550_000n, cacheRead: 140_000n, output: 2_190_000n, reasoning: 2_190_000n },
  },
};
const terms: readonly PlanTerms[] = [
  { markupPercent: '20' },
  { prices: { '*': { input: '3', output: '15' } }, baseFee: '49' },
  {
    baseFee: '10',
    commitment: '25',
    meters: [
      {
        name: 'tokens',
        buckets: ['input', 'cacheRead', 'output', 'reasoning'],
        includedUnits: '5000',
        steps: [{ upTo: '100000', price: '4' }, { price: '2.5' }],
      },
    ],
  },
];

interface Truth {
  readonly facts: Fact[];
  readonly chargeByCustomer: Map<string, bigint>;
  readonly bill: Map<string, { units: { [bucket: string]: number }; nanos: bigint }>;
}

/** A month of exchanges, made from the trace: who calls when, and how much. */
function replay(): Truth {
  const tokens = new Map(
    readShared('traces/servegen_client_tokens.jsonl')
      .trim()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as {
            workload: string;
            client: string;
            input_tokens?: { mean: number };
            output_tokens?: { mean: number };
          },
      )
      .map((row) => [`${row.workload}-${row.client}`, row]),
  );
  const windows = readTable('traces/servegen_client_windows.csv.gz');
  const lastS = new Map<string, number>();
  for (const row of windows) {
    const workload = row['workload'] ?? '';
    lastS.set(workload, Math.max(lastS.get(workload) ?? 0, Number(row['t_s'])));
  }
  // Each workload is stretched over the month: their records begin and end at different times.
  const scaled = (row: Readonly<Record<string, string>>): number =>
    startMs + Math.floor((Number(row['t_s']) / ((lastS.get(row['workload'] ?? '') ?? 0) + 1)) * monthMs);
  const sampled = windows.filter((_, index) => index % stride === 0);
  const truth: Truth = { facts: [], chargeByCustomer: new Map(), bill: new Map() };
  const calls = sampled.map((row) => ({ row, atMs: scaled(row) })).toSorted((one, other) => one.atMs - other.atMs);
  for (const [index, { row, atMs }] of calls.entries()) {
    const workload = row['workload'] ?? '';
    const customer = `${workload}-${row['client'] ?? ''}`;
    const mean = tokens.get(customer);
    const input = Math.round(mean?.input_tokens?.mean ?? 500) + (index % 97);
    const output = Math.round(mean?.output_tokens?.mean ?? 100) + (index % 31);
    const reasoning = workload === 'deepseek-r1' ? Math.floor(output / 2) : 0;
    const usage = {
      input: input - Math.floor(input / 3),
      cacheRead: Math.floor(input / 3),
      output: output - reasoning,
      reasoning,
    };
    addExchange(truth, {
      requestId: `req_${atMs.toString(16).padStart(12, '0')}${index.toString(16).padStart(20, '0')}`,
      atMs,
      customer,
      model: models[workload] ?? 'small',
      usage,
    });
  }
  return truth;
}

function addExchange(
  truth: Truth,
  call: { requestId: string; atMs: number; customer: string; model: string; usage: UsageBuckets },
): void {
  const { requestId, atMs, customer, model, usage } = call;
  const price = prices[model];
  const { costNanos } = rate({ buckets: usage, source: 'provider' }, price, { startedAtMs: atMs });
  if (costNanos === null) throw new Error(`${model} has a price`);
  const plan = planOf(customer);
  const { chargeNanos } = chargeOf(plan, {
    model,
    status: 'completed',
    attempts: [{ fate: 'delivered', usage, costNanos }],
  });
  if (chargeNanos === null) throw new Error(`${customer} has a price for ${model}`);
  const common = { requestId, key: `key-${customer}`, customer, model };
  const cost = String(costNanos);
  truth.facts.push(
    {
      type: 'open',
      ...common,
      atMs,
      dialect: 'openai-chat',
      operation: 'generate',
      stream: false,
      inputEstimateTokens: 10,
    },
    {
      type: 'attempt',
      requestId,
      attempt: 1,
      host,
      upstreamModel: model,
      dialect: 'openai-chat',
      startedAtMs: atMs,
      totalMs: 40,
      usage,
      usageSource: 'provider',
      costNanos: cost,
      priceVersionId: `${model}@1`,
      flags: [],
    },
    {
      type: 'final',
      ...common,
      atMs: atMs + 40,
      totalMs: 40,
      status: 'completed',
      httpStatus: 200,
      host,
      upstreamModel: model,
      attempts: 1,
      usage,
      costNanos: cost,
      chargeNanos: String(chargeNanos),
      planVersionId: plan.versionId,
      cache: 'bypass',
    },
  );
  truth.chargeByCustomer.set(customer, (truth.chargeByCustomer.get(customer) ?? 0n) + chargeNanos);
  const place = `${Math.floor(atMs / 86_400_000)} ${model}`;
  const cell = truth.bill.get(place) ?? { units: {}, nanos: 0n };
  for (const [bucket, units] of Object.entries(usage)) cell.units[bucket] = (cell.units[bucket] ?? 0) + units;
  cell.nanos += costNanos;
  truth.bill.set(place, cell);
}

function termsOf(customer: string): PlanTerms {
  const sum = [...customer].reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0);
  return terms[sum % terms.length] ?? {};
}

function planOf(customer: string): ReturnType<typeof readPlan> {
  return readPlan({ name: `${customer}-plan`, versionId: `${customer}-plan@1`, validFromMs: 0 }, termsOf(customer));
}

let opened: TestDatabase;
let fixture: InvoiceFixture;
let truth: Truth;
const invoices = new Map<string, Invoice>();

beforeAll(async () => {
  opened = await openTestDatabase();
  fixture = new InvoiceFixture(opened.database);
  truth = replay();
  const folder = mkdtempSync(join(tmpdir(), 'servegen-'));
  await writeJournal(folder, truth.facts, 1 << 20);
  await projectAll(opened.database.db, folder);
  for (const customer of truth.chargeByCustomer.keys()) {
    await fixture.addCustomer(customer);
    await fixture.subscribe(customer, termsOf(customer), { fromMs: 0 });
    invoices.set(customer, await fixture.bill(customer, 3));
  }
  return async () => {
    rmSync(folder, { recursive: true, force: true });
    await opened.close();
  };
}, 240_000);

test('a month of recorded clients: every invoice closes and bills its facts to the nano', async () => {
  expect(invoices.size).toBeGreaterThan(100);
  for (const [customer, { row, lines }] of invoices) {
    const used = lines.filter(({ kind }) => kind === 'usage').reduce((sum, { amountNanos }) => sum + amountNanos, 0n);
    expect([customer, used]).toEqual([customer, truth.chargeByCustomer.get(customer)]);
    expect(row.status).toBe('finalised');
    expect(row.net_nanos).toBe(lines.reduce((sum, { amountNanos }) => sum + amountNanos, 0n));
    expect(row.total_nanos + row.carry_out_nanos).toBe(row.net_nanos);
  }
  const numbers = [...invoices.values()].map(({ row }) => Number(row.number)).toSorted((one, other) => one - other);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
});

test('after closing nothing is left to bill, and what is owed is the sum of the invoices', async () => {
  const { rows } = await sql<{ kind: string; balance: bigint }>`
    SELECT account.kind, sum(amount_nanos) AS balance FROM ledger_entry JOIN ledger_account account ON account.id = account_id
    WHERE account.kind IN ('accrued', 'receivable', 'revenue', 'rounding') GROUP BY account.kind`.execute(
    opened.database.db,
  );
  const balances = new Map(rows.map(({ kind, balance }) => [kind, balance]));
  const total = [...invoices.values()].reduce((sum, { row }) => sum + row.total_nanos, 0n);
  const net = [...invoices.values()].reduce((sum, { row }) => sum + row.net_nanos, 0n);
  expect(balances.get('accrued') ?? 0n).toBe(0n);
  expect(balances.get('receivable')).toBe(total);
  expect(balances.get('revenue')).toBe(-net);
  expect(balances.get('rounding')).toBe(net - total);
});

interface Row {
  day: number;
  model: string;
  nanos: bigint;
  units: { [bucket: string]: number };
}

/** The host's own export of the month, row by row. */
function billRows(): Row[] {
  return [...truth.bill].map(([place, { units, nanos }]) => {
    const [day = '', model = ''] = place.split(' ');
    return { day: Number(day), model, nanos, units: { ...units } };
  });
}

function exportOf(rows: readonly Row[]): string {
  const lines = rows.map(({ day, model, nanos, units }) => {
    const count = (bucket: string): number => units[bucket] ?? 0;
    const cells = [
      formatDay(day),
      model,
      formatDecimal(nanos),
      1,
      count('input') + count('cacheRead'),
      count('cacheRead'),
      count('output') + count('reasoning'),
      count('reasoning'),
    ];
    return cells.join(',');
  });
  return ['date,model,usage,requests,prompt_tokens,tokens_cached,completion_tokens,reasoning_tokens', ...lines].join(
    '\n',
  );
}

function reconciler(): Reconciler {
  let next = 0;
  const clock = { nowMs: () => Date.UTC(2026, 3, 3), monotonicMs: () => 0 };
  return new Reconciler({
    database: opened.database,
    clock,
    createId: (prefix) => `${prefix}_${(next += 1)}_${Math.random()}`,
  });
}

test('a bill without errors agrees in every cell', async () => {
  const book = reconciler();
  const imported = await book.import({ name: 'clean.csv', text: exportOf(billRows()), host });
  const report = await book.compare(imported.id);
  expect(imported.problems).toEqual([]);
  expect(report.cells.length).toBeGreaterThan(45);
  expect(report.classes.map(({ difference }) => difference)).toEqual(['equal']);
  expect(report).toMatchObject({ deltaNanos: 0n, varianceNanos: 0n, coveragePpm: 1_000_000n });
});

test('each error that is put into a bill is found, classed and nothing else is', async () => {
  const rows = billRows();
  const at = (day: number, model: string): Row => {
    const row = rows.find((candidate) => candidate.day === firstDay + day && candidate.model === model);
    if (!row) throw new Error(`${model} was not used on day ${day}`);
    return row;
  };
  // Their price is a quarter higher on one day.
  at(8, 'small').nanos = (at(8, 'small').nanos * 5n) / 4n;
  // They count twice what we saw.
  const doubled = at(11, 'small');
  doubled.nanos *= 2n;
  for (const bucket of Object.keys(doubled.units)) doubled.units[bucket] = (doubled.units[bucket] ?? 0) * 2;
  // Cached input is counted as fresh, at the same amount.
  const moved = at(13, 'reasoner').units;
  moved['input'] = (moved['input'] ?? 0) + (moved['cacheRead'] ?? 0);
  moved['cacheRead'] = 0;
  // A third of a percent more is within tolerance.
  at(19, 'small').nanos += at(19, 'small').nanos / 300n;
  // A day is missing in theirs; another model's clock is a day ahead; one model is not ours.
  const missing = at(4, 'small');
  const shifted = rows
    .filter((row) => row !== missing)
    .map((row) => (row.model === 'vision' ? { ...row, day: row.day + 1 } : row));
  const bill = [...shifted, { day: firstDay + 2, model: 'ghost', nanos: 770_000_000n, units: { input: 5 } }];

  const book = reconciler();
  const imported = await book.import({ name: 'wrong.csv', text: exportOf(bill), host });
  const { report, varianceNanos } = await book.post(imported.id);
  const found = report.cells
    .filter(({ difference }) => difference !== 'equal' && difference !== 'time_zone_shift')
    .map(({ day, model, difference, missingOn }) => [day - firstDay, model, difference, missingOn]);
  expect(found).toEqual([
    [2, 'ghost', 'unknown_model', 'ours'],
    [4, 'small', 'missing_rows', 'theirs'],
    [8, 'small', 'price', undefined],
    [11, 'small', 'missing_rows', 'ours'],
    [13, 'reasoner', 'bucket_shift', undefined],
    [19, 'small', 'rounding', undefined],
  ]);
  expect(report.shifts).toEqual([{ model: 'vision', hours: 24 }]);
  const own = truth.bill;
  const nanosAt = (day: number): bigint => own.get(`${firstDay + day} small`)?.nanos ?? 0n;
  const priced = (nanosAt(8) * 5n) / 4n - nanosAt(8);
  expect(varianceNanos).toBe(770_000_000n - nanosAt(4) + priced + nanosAt(11));
  expect(await fixture.balance('recon_variance')).toBe(varianceNanos);
});
