import { crc32 } from 'node:zlib';
import type {
  AbortFact,
  AttemptFact,
  CorrectionFact,
  FactType,
  FinalFact,
  OpenFact,
} from '../../../domain/facts/facts.ts';
import { usageBuckets } from '../../../domain/rating/usage.ts';
import type { JournalPosition, RawFact } from '../../../journal/index.ts';
import { isAmountText } from '../../amount.ts';

/** A fact that money depends on. */
export type MoneyFact = OpenFact | AttemptFact | FinalFact | AbortFact | CorrectionFact;

/** A fact with its place, and a digest that tells a repetition from a contradiction. */
export interface PlacedMoneyFact<Kind extends MoneyFact = MoneyFact> {
  readonly fact: Kind;
  readonly position: JournalPosition;
  readonly digest: number;
}

/** A fact that cannot be booked, and why. */
export interface FlawedFact {
  readonly raw: RawFact;
  readonly reason: 'unreadable' | 'newer_version' | 'malformed';
  readonly detail: string;
  /** As far as it could be read. */
  readonly requestId: string;
  readonly costNanos: bigint;
  readonly chargeNanos: bigint;
}

const moneyTypes: ReadonlySet<FactType> = new Set(['open', 'attempt', 'final', 'abort', 'correction']);
const longestId = 200;

/** Whether money depends on a kind of fact; the others need not even be parsed. */
export function isMoneyType(type: FactType): boolean {
  return moneyTypes.has(type);
}

/** Parses and checks a fact of money: whatever passes can be booked without a second look. */
export function readFact(raw: RawFact): PlacedMoneyFact | FlawedFact {
  if (!raw.isReadable) return flawed(raw, { reason: 'newer_version', detail: 'a newer program wrote this fact' });
  let value: unknown;
  try {
    value = JSON.parse(raw.body.toString('utf8'));
  } catch (error) {
    return flawed(raw, { reason: 'unreadable', detail: error instanceof Error ? error.message : String(error) });
  }
  if (!isRecord(value)) return flawed(raw, { reason: 'malformed', detail: 'it is no object' });
  const problem = problemOf(value, raw.type);
  if (problem !== undefined) return flawed(raw, { reason: 'malformed', detail: problem }, value);
  // Checked field by field above, as far as money and keys of rows go.
  const fact = value as unknown as MoneyFact;
  return { fact, position: raw.position, digest: crc32(raw.body) };
}

/** Tells a fact that was read from one that could not be. */
export function isFlawed(read: PlacedMoneyFact | FlawedFact): read is FlawedFact {
  return 'reason' in read;
}

interface LooseRecord {
  readonly [field: string]: unknown;
}

function isRecord(value: unknown): value is LooseRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problemOf(value: LooseRecord, type: FactType): string | undefined {
  if (value['type'] !== type) return `its frame says ${type}, its body ${JSON.stringify(value['type'])}`;
  if (!isId(value['requestId'])) return 'requestId';
  for (const { field, isRight } of checks[type as MoneyFact['type']]) if (!isRight(value[field])) return field;
  return undefined;
}

interface Check {
  readonly field: string;
  readonly isRight: (value: unknown) => boolean;
}

/** Ids are made by the product: anything but plain characters is damage, and Postgres may refuse it. */
function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= longestId && /^[\x20-\x7e]+$/.test(value);
}

const text: Check['isRight'] = (value) => typeof value === 'string';
const time: Check['isRight'] = (value) => Number.isFinite(value);
const optionalText: Check['isRight'] = (value) => value === undefined || typeof value === 'string';
const amount: Check['isRight'] = (value) => isAmountText(value);
const amountOrUnknown: Check['isRight'] = (value) => value === null || isAmountText(value);
const optionalAmount: Check['isRight'] = (value) => value === undefined || isAmountText(value);
const count: Check['isRight'] = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= 100_000;
const buckets: ReadonlySet<string> = new Set(usageBuckets);
const isUnitCount: Check['isRight'] = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const units: Check['isRight'] = (value) => {
  if (value === undefined) return true;
  if (!isRecord(value)) return false;
  for (const bucket in value) if (buckets.has(bucket) && !isUnitCount(value[bucket])) return false;
  return true;
};

function check(isRight: Check['isRight'], ...fields: readonly string[]): Check[] {
  return fields.map((field) => ({ field, isRight }));
}

const labels = ['job', 'endUser', 'feature', 'project', 'tokenId'] as const;
const checks: { readonly [Type in MoneyFact['type']]: readonly Check[] } = {
  open: [...check(time, 'atMs'), ...check(text, 'key', 'customer', 'model'), ...check(optionalText, ...labels)],
  attempt: [
    ...check(time, 'startedAtMs', 'totalMs'),
    ...check(count, 'attempt'),
    ...check(text, 'host', 'upstreamModel'),
    ...check(amountOrUnknown, 'costNanos'),
    ...check(optionalAmount, 'reportedCostNanos', 'computedCostNanos'),
    ...check(units, 'usage'),
    ...check(Array.isArray, 'flags'),
    ...check(optionalText, 'priceVersionId', 'contractVersionId'),
  ],
  final: [
    ...check(time, 'atMs', 'totalMs'),
    ...check(text, 'key', 'customer', 'model', 'status', 'cache'),
    ...check(count, 'attempts', 'httpStatus'),
    ...check(amountOrUnknown, 'costNanos'),
    ...check((value) => value === undefined || amountOrUnknown(value), 'chargeNanos'),
    ...check(optionalAmount, 'absorbedNanos', 'savedNanos'),
    ...check(units, 'usage'),
    ...check(optionalText, 'host', 'upstreamModel', 'planVersionId', ...labels),
  ],
  abort: [...check(time, 'atMs'), ...check(amountOrUnknown, 'costNanos')],
  correction: [
    ...check(time, 'atMs'),
    ...check(count, 'attempt'),
    ...check(isId, 'correctionId'),
    ...check(amount, 'costNanos', 'chargeNanos'),
    ...check(units, 'usage'),
  ],
};

function flawed(raw: RawFact, flaw: Pick<FlawedFact, 'reason' | 'detail'>, value: LooseRecord = {}): FlawedFact {
  const { requestId, costNanos, chargeNanos } = value;
  const isPriced = raw.type === 'attempt';
  const isCharged = raw.type === 'final';
  return {
    raw,
    ...flaw,
    requestId: isId(requestId) ? requestId : '',
    costNanos: isPriced && isAmountText(costNanos) ? BigInt(costNanos) : 0n,
    chargeNanos: isCharged && isAmountText(chargeNanos) ? BigInt(chargeNanos) : 0n,
  };
}
