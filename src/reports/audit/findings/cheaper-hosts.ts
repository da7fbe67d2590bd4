import type { CheaperHost } from '../audit-report.ts';
import { type Offer, versionIndexAt } from '../prices/offer.ts';
import type { ModelAccount } from './model-account.ts';
import { costOfCell } from './usage-cells.ts';

/** The same weights at other hosts, where this very usage would have cost less; the largest saving first. */
export function cheaperHosts(accounts: readonly ModelAccount[]): readonly CheaperHost[] {
  return accounts
    .flatMap((account) => cheaperFor(account))
    .toSorted((one, other) => compare(other.costNanos - other.elsewhereNanos, one.costNanos - one.elsewhereNanos));
}

function cheaperFor(account: ModelAccount): CheaperHost[] {
  const found = account.alternatives
    .filter(({ contextTokens }) => contextTokens === undefined || contextTokens >= account.maxInput)
    .map((offer) => compareWith(account, offer))
    .filter((one) => one !== undefined)
    .toSorted((one, other) => compare(one.elsewhereNanos, other.elsewhereNanos));
  return found.map((one, index) => ({ ...one, isBest: index === 0 }));
}

/** Undefined when a bucket has no price there, or when it is not cheaper. */
function compareWith(account: ModelAccount, offer: Offer): Omit<CheaperHost, 'isBest'> | undefined {
  const own = account.offer;
  if (!own) return undefined;
  let [calls, costNanos, elsewhereNanos, restSavedNanos, isAssumed] = [0, 0n, 0n, 0n, false];
  for (const cell of account.cells.cells()) {
    const ownPrice = own.versions[cell.version]?.price;
    const otherPrice = offer.versions[versionIndexAt(offer, cell.atMs).index]?.price;
    const here = costOfCell(cell, ownPrice, 'all');
    const there = costOfCell(cell, otherPrice, 'all');
    const restHere = costOfCell(cell, ownPrice, 'rest');
    const restThere = costOfCell(cell, otherPrice, 'rest');
    if (!here || !there || !restHere || !restThere) return undefined;
    calls += cell.calls;
    costNanos += here.costNanos;
    elsewhereNanos += there.costNanos;
    restSavedNanos += restHere.costNanos - restThere.costNanos;
    isAssumed ||= there.isAssumed;
  }
  if (elsewhereNanos >= costNanos) return undefined;
  const elsewhere = `${offer.host}/${offer.model}`;
  return {
    model: account.label,
    elsewhere,
    calls,
    costNanos,
    elsewhereNanos,
    isAssumed,
    restSavedNanos: restSavedNanos > 0n ? restSavedNanos : 0n,
    proof: proofCommand(account.topJob(), [account.label, elsewhere]),
  };
}

/** The command that proves or refutes equal quality on the caller's own work. */
function proofCommand(job: string | undefined, candidates: readonly string[]): string {
  return [
    'switchyard eval run --job',
    shellWord(job ?? 'JOB'),
    '--candidates',
    shellWord(candidates.join(',')),
    '--items logged --max-usd 5',
  ].join(' ');
}

/** Names come from logs: nothing in them may become a command. */
function shellWord(text: string): string {
  return /^[A-Za-z0-9._/:@,+-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function compare(one: bigint, other: bigint): number {
  return Number(one > other) - Number(one < other);
}
