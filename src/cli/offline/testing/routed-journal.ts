import { mkdirSync } from 'node:fs';
import type { DecisionFact, Fact, FinalFact, OutcomeFact } from '../../../domain/facts/facts.ts';
import { openJournal } from '../../../journal/index.ts';
import { systemClock } from '../../../platform/clock.ts';
import { createSeededRandom } from '../../../platform/random.ts';

/** How a log of two models is made up. */
export interface RoutedLog {
  readonly count: number;
  readonly endMs: number;
  /** Share of requests that the cheap model gets. */
  readonly explored: number;
  readonly strongRate?: number;
  readonly cheapRate?: number;
  /** Share of answers of which an outcome is told. */
  readonly told?: number;
  readonly seed?: number;
}

/** Facts of routed exchanges of the job `support`, one a minute up to the end. */
export function routedFacts(log: RoutedLog): Fact[] {
  const random = createSeededRandom(log.seed ?? 1);
  return Array.from({ length: log.count }, (_, at) => {
    const isCheap = random.unit() < log.explored;
    const isRight = random.unit() < (isCheap ? (log.cheapRate ?? 0.7) : (log.strongRate ?? 0.9));
    const requestId = `request-${at}`;
    const atMs = log.endMs - (log.count - at) * 60_000;
    const facts: Fact[] = [
      decision(requestId, { atMs, isCheap, explored: log.explored }),
      final(requestId, { atMs, isCheap, at }),
    ];
    if (random.unit() < (log.told ?? 1)) facts.push(outcome(requestId, atMs, isRight));
    return facts;
  }).flat();
}

/** Writes facts into a journal that commands can read. */
export async function writeJournal(directory: string, facts: readonly Fact[]): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const settings = { directory, gatewayId: 'gateway-1', durability: 'relaxed' as const, clock: systemClock };
  const journal = await openJournal({ ...settings, log: () => undefined });
  for (let at = 0; at < facts.length; at += 500) await journal.commit(...facts.slice(at, at + 500));
  await journal.close();
}

function decision(requestId: string, of: { atMs: number; isCheap: boolean; explored: number }): DecisionFact {
  const candidate = { quality: 0.8, lower: 0.7, evidence: 50, utility: 0, latencyMs: 500 };
  return {
    type: 'decision',
    requestId,
    decisionId: `decision-${requestId}`,
    atMs: of.atMs,
    job: 'support',
    model: of.isCheap ? 'cheap' : 'strong',
    seed: 1,
    chosen: of.isCheap ? 'beta/cheap-1' : 'alpha/strong-1',
    ranked: [],
    excluded: [],
    reasons: [],
    propensity: of.isCheap ? of.explored : 1 - of.explored,
    routing: {
      found: 'named',
      jobVersionId: 'support@1',
      stateId: 'state-1',
      decidedBy: 'best',
      level: 'job',
      candidates: [
        { ...candidate, model: 'strong', costNanos: '10000000', propensity: 1 - of.explored },
        { ...candidate, model: 'cheap', costNanos: '1000000', propensity: of.explored },
      ],
      hosts: [],
      hostBy: 'only',
      inputTokens: 800,
    },
  };
}

function final(requestId: string, of: { atMs: number; isCheap: boolean; at: number }): FinalFact {
  return {
    type: 'final',
    requestId,
    atMs: of.atMs + 900,
    status: 'completed',
    httpStatus: 200,
    key: 'k',
    customer: `customer-${of.at % 20}`,
    model: of.isCheap ? 'cheap' : 'strong',
    host: of.isCheap ? 'beta' : 'alpha',
    upstreamModel: of.isCheap ? 'cheap-1' : 'strong-1',
    attempts: 1,
    usage: { input: 800, output: 200 },
    costNanos: of.isCheap ? '1000000' : '10000000',
    chargeNanos: of.isCheap ? '2000000' : '12000000',
    cache: 'bypass',
    totalMs: 900,
    job: 'support',
  };
}

function outcome(requestId: string, atMs: number, isRight: boolean): OutcomeFact {
  return { type: 'outcome', requestId, atMs: atMs + 5_000, kind: 'pass', value: Number(isRight), source: 'test' };
}
