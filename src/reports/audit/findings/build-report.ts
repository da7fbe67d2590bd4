import type {
  AuditReport,
  Assumption,
  CheaperHost,
  FileReport,
  ModelSum,
  SavingStep,
  UnknownPrice,
} from '../audit-report.ts';
import type { AuditTally } from '../audit-tally.ts';
import { formatDay } from '../../../domain/money/periods.ts';
import { cheaperHosts } from './cheaper-hosts.ts';
import type { ModelAccount } from './model-account.ts';
import { priceMoves } from './price-moves.ts';

/** Everything that was found, once the last row is in. */
export function buildReport(tally: AuditTally, files: readonly FileReport[], priceSource: string): AuditReport {
  const accounts = tally.accounts();
  const cheaper = cheaperHosts(accounts);
  const { total } = tally;
  const badCount = files.reduce((sum, file) => sum + file.badCount, 0);
  return {
    files,
    priceSource,
    period: total.rows > 0 ? { fromMs: tally.firstMs, toMs: tally.lastMs } : undefined,
    total: { ...total, costNanos: tally.cost.total, isComplete: total.unpricedCalls === 0 && badCount === 0 },
    stated: statedOf(accounts),
    byModel: byModel(tally, accounts),
    byJob: tally.jobs.ranked(),
    byUser: tally.users.ranked(),
    byKey: tally.keys.ranked(),
    byDay: byDay(tally, accounts),
    unknownPrices: accounts.flatMap(unknownPrice).toSorted((one, other) => other.calls - one.calls),
    priceMoves: priceMoves(accounts),
    waste: {
      failed: pick(tally.failed),
      aborted: pick(tally.aborted),
      retries: tally.retries,
      repeats: { ...pick(tally.repeats), known: tally.fingerprints },
      cacheable: { ...pick(tally.cacheable), conversations: tally.sessions > 0 },
      cached: tally.cached,
    },
    cheaperHosts: cheaper,
    savings: savings(tally, cheaper),
    assumptions: assumptions(tally, accounts),
  };
}

function statedOf(accounts: readonly ModelAccount[]): AuditReport['stated'] {
  let [calls, oursNanos, theirsNanos] = [0, 0n, 0n];
  for (const account of accounts) {
    calls += account.statedCalls;
    oursNanos += account.ours.total;
    theirsNanos += account.theirsNanos;
  }
  return { calls, oursNanos, theirsNanos };
}

const nothingStated = { calls: 0, oursNanos: 0n, theirsNanos: 0n };

/** Two accounts may bear one label: a log that names the host of some rows only. */
function byModel(tally: AuditTally, accounts: readonly ModelAccount[]): ModelSum[] {
  const stated = new Map<string, AuditReport['stated']>();
  for (const account of accounts) {
    const { calls, oursNanos, theirsNanos } = stated.get(account.label) ?? nothingStated;
    stated.set(account.label, {
      calls: calls + account.statedCalls,
      oursNanos: oursNanos + account.ours.total,
      theirsNanos: theirsNanos + account.theirsNanos,
    });
  }
  return tally.models.ranked().map((sum) => ({ ...sum, stated: stated.get(sum.name) ?? nothingStated }));
}

function byDay(tally: AuditTally, accounts: readonly ModelAccount[]): AuditReport['byDay'] {
  const models = new Map<number, Map<string, bigint>>();
  for (const { label, byDay: days } of accounts) {
    for (const [day, { total: costNanos }] of days) {
      let ofDay = models.get(day);
      if (!ofDay) models.set(day, (ofDay = new Map()));
      ofDay.set(label, (ofDay.get(label) ?? 0n) + costNanos);
    }
  }
  return [...tally.days]
    .toSorted(([one], [other]) => one - other)
    .map(([day, { calls, costNanos }]) => ({
      day: formatDay(day),
      calls,
      costNanos,
      models: models.get(day) ?? new Map(),
    }));
}

function unknownPrice(account: ModelAccount): UnknownPrice[] {
  const { unknown, label } = account;
  return unknown ? [{ model: label, ...unknown, reason: account.unknownReason() }] : [];
}

function savings(tally: AuditTally, cheaper: readonly CheaperHost[]): SavingStep[] {
  const moved = cheaper.filter(({ isBest }) => isBest).reduce((sum, { restSavedNanos }) => sum + restSavedNanos, 0n);
  const steps: SavingStep[] = [
    {
      name: 'Failed calls',
      savedNanos: tally.failed.costNanos,
      certainty: 'paid',
      note: 'calls that ended in an error',
    },
    {
      name: 'Aborted calls',
      savedNanos: tally.aborted.costNanos,
      certainty: 'paid',
      note: 'answers that nobody waited for',
    },
    {
      name: 'Prompt cache',
      savedNanos: tally.cacheable.costNanos,
      certainty: 'bound',
      note: 'prefixes that growing conversations share',
    },
    {
      name: 'Repeated requests',
      savedNanos: tally.repeats.costNanos,
      certainty: 'unproven',
      note: 'if the answer given before is still right',
    },
    {
      name: 'Cheaper hosts',
      savedNanos: moved,
      certainty: 'unproven',
      note: 'if the same weights answer as well elsewhere',
    },
  ];
  return steps.filter(({ savedNanos }) => savedNanos > 0n);
}

function assumptions(tally: AuditTally, accounts: readonly ModelAccount[]): Assumption[] {
  const sumOf = (which: (account: ModelAccount) => boolean): { calls: number; costNanos: bigint; names: string } => {
    const some = accounts.filter((account) => account.priced.total > 0n && which(account));
    const named = some.slice(0, 3).map(({ label }) => label);
    return {
      calls: some.reduce((sum, { calls }) => sum + calls, 0),
      costNanos: some.reduce((sum, { priced }) => sum + priced.total, 0n),
      names: named.join(', ') + (some.length > 3 ? ` and ${some.length - 3} more` : ''),
    };
  };
  const undated = sumOf(({ match }) => match === 'undated');
  const made = sumOf(({ match }) => match === 'maker');
  const early = accounts.reduce((sum, { earlyCalls }) => sum + earlyCalls, 0);
  const earlyNanos = accounts.reduce((sum, account) => sum + account.early.total, 0n);
  const all: Assumption[] = [
    { text: 'called before the first price we know; that first price is taken', calls: early, costNanos: earlyNanos },
    { text: `priced under the name without its date or region: ${undated.names}`, ...pick(undated) },
    { text: `the log names no host, the maker's own price is taken: ${made.names}`, ...pick(made) },
    { text: 'a cached bucket without a price of its own is billed as fresh input', ...pick(tally.assumedCache) },
    { text: 'sums over many calls: prices by size of the call are left out', ...pick(tally.unsized) },
    { text: 'parts of the usage were more than its whole; the whole is billed', ...pick(tally.invalid) },
    { text: 'usage is our estimate, since the host never told', ...pick(tally.estimated) },
  ];
  const notes = all.filter(({ calls }) => calls > 0);
  if (tally.isMemoryFull) {
    notes.push({
      text: 'too many rows to look for doubles and repeats in all of them',
      calls: tally.total.calls,
      costNanos: 0n,
    });
  }
  return notes;
}

function pick({ calls, costNanos }: { calls: number; costNanos: bigint }): { calls: number; costNanos: bigint } {
  return { calls, costNanos };
}
