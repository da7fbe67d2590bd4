import type { AttemptFact, Fact, FinalFact, OpenFact } from '../../domain/facts/facts.ts';
import type { Random } from '../../platform/random.ts';

/** What a set of exchanges comes to, counted while making them and not by reading them. */
export interface Truth {
  requests: number;
  costNanos: bigint;
  chargeNanos: bigint;
  absorbedNanos: bigint;
  outputUnits: number;
  readonly costByHost: Map<string, bigint>;
  readonly chargeByCustomer: Map<string, bigint>;
}

/** An empty truth. */
export function noTruth(): Truth {
  return {
    requests: 0,
    costNanos: 0n,
    chargeNanos: 0n,
    absorbedNanos: 0n,
    outputUnits: 0,
    costByHost: new Map(),
    chargeByCustomer: new Map(),
  };
}

/** How exchanges are made. */
export interface ExchangeMix {
  readonly random: Random;
  readonly startMs: number;
  readonly spreadMs: number;
  readonly customers: number;
  /** How many different names of each kind there are; fewer are more like real traffic. */
  readonly variety?: number;
}

const openingRest = { dialect: 'openai-chat', operation: 'generate', stream: false, inputEstimateTokens: 10 } as const;

/** Makes the facts of exchanges in the order in which a gateway writes them, and the truth about them. */
export function randomExchanges(count: number, mix: ExchangeMix): { facts: Fact[]; truth: Truth; ids: string[] } {
  const facts: Fact[] = [];
  const truth = noTruth();
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const startedAtMs = mix.startMs + Math.floor((index / count) * mix.spreadMs);
    const requestId = idAt(startedAtMs, mix.random);
    ids.push(requestId);
    facts.push(...oneExchange({ requestId, startedAtMs }, mix, truth));
  }
  return { facts, truth, ids };
}

function idAt(atMs: number, random: Random): string {
  const hex = (value: number): string => value.toString(16).padStart(8, '0');
  const tail = hex(random.uint32()) + hex(random.uint32()) + hex(random.uint32()).slice(0, 4);
  return `req_${atMs.toString(16).padStart(12, '0')}${tail}`;
}

function below(random: Random, limit: number): number {
  return Math.floor(random.unit() * limit);
}

function oneExchange(
  { requestId, startedAtMs }: { requestId: string; startedAtMs: number },
  mix: ExchangeMix,
  truth: Truth,
): Fact[] {
  const { random } = mix;
  const variety = mix.variety ?? 4;
  const customer = `customer-${below(random, mix.customers)}`;
  const who = { key: `${customer}-key-${below(random, variety)}`, customer, model: `model-${below(random, variety)}` };
  const labels = {
    job: `job-${below(random, variety)}`,
    endUser: `user-${below(random, 50)}`,
    feature: `feature-${below(random, variety)}`,
  };
  const attemptCount = 1 + below(random, 3);
  const isFailed = random.unit() < 0.1;
  const isAbsorbed = isFailed && random.unit() < 0.5;
  const totalMs = 5 + below(random, 4000);
  const attempts: AttemptFact[] = [];
  let costNanos = 0n;
  for (let number = 1; number <= attemptCount; number += 1) {
    const attempt = oneAttempt(
      { requestId, number, startedAtMs, isLast: number === attemptCount && !isFailed },
      random,
    );
    attempts.push(attempt);
    const cost = BigInt(attempt.costNanos ?? '0');
    costNanos += cost;
    truth.costByHost.set(attempt.host, (truth.costByHost.get(attempt.host) ?? 0n) + cost);
  }
  const last = attempts[attemptCount - 1];
  const chargeNanos = isAbsorbed ? 0n : (costNanos * 12n) / 10n;
  const final: FinalFact = {
    type: 'final',
    requestId,
    atMs: startedAtMs + totalMs,
    status: isFailed ? 'failed' : 'completed',
    httpStatus: isFailed ? 502 : 200,
    ...who,
    ...labels,
    attempts: attemptCount,
    ...(last && { host: last.host, upstreamModel: last.upstreamModel }),
    ...(last?.usage && !isFailed && { usage: last.usage }),
    costNanos: costNanos.toString(),
    chargeNanos: chargeNanos.toString(),
    ...(isAbsorbed && { absorbedNanos: costNanos.toString() }),
    cache: 'miss',
    totalMs,
  };
  const open: OpenFact = {
    type: 'open',
    requestId,
    atMs: startedAtMs,
    ...who,
    ...labels,
    ...openingRest,
  };
  addToTruth(truth, { customer, costNanos, chargeNanos, isAbsorbed, outputUnits: final.usage?.output ?? 0 });
  return [open, ...attempts, final];
}

function addToTruth(
  truth: Truth,
  one: { customer: string; costNanos: bigint; chargeNanos: bigint; isAbsorbed: boolean; outputUnits: number },
): void {
  const { customer, costNanos, chargeNanos, isAbsorbed, outputUnits } = one;
  truth.requests += 1;
  truth.costNanos += costNanos;
  truth.chargeNanos += chargeNanos;
  truth.absorbedNanos += isAbsorbed ? costNanos : 0n;
  truth.outputUnits += outputUnits;
  truth.chargeByCustomer.set(customer, (truth.chargeByCustomer.get(customer) ?? 0n) + chargeNanos);
}

function oneAttempt(
  at: { requestId: string; number: number; startedAtMs: number; isLast: boolean },
  random: Random,
): AttemptFact {
  const usage = { input: below(random, 5000), cacheRead: below(random, 1000), output: below(random, 900) };
  const isFree = !at.isLast && random.unit() < 0.5;
  return {
    type: 'attempt',
    requestId: at.requestId,
    attempt: at.number,
    host: `host-${below(random, 3)}`,
    upstreamModel: `upstream-${below(random, 3)}`,
    dialect: 'openai-chat',
    startedAtMs: at.startedAtMs,
    firstTokenMs: 10 + below(random, 500),
    totalMs: 600 + below(random, 3000),
    ...(!at.isLast && { fault: 'upstream_overloaded' as const }),
    ...(!isFree && { usage, usageSource: 'provider' as const }),
    costNanos: isFree ? '0' : String(below(random, 50_000_000)),
    flags: [],
  };
}
