import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { rankInThread } from './rank-in-thread.ts';
import { clusterBootstrapSeed, type LeaderboardRow, type RowEvidence } from './rank-rows.ts';
import type { SuccessRule } from '../../domain/outcomes/success-rule.ts';
import type { Database } from '../../storage/index.ts';
import type { EvalParts } from '../runs/run-eval.ts';
import { listRuns } from '../runs/eval-store.ts';
import { type EndpointUse, readEndpointUse, readJudgedOutcomes } from './read-evidence.ts';

/** Models at their hosts on one job, as far as outcomes tell. */
export interface Leaderboard {
  readonly job: string;
  readonly rule: { readonly text: string; readonly version: string };
  readonly sinceMs: number;
  readonly seed: number;
  /** Exchanges of the job that nobody has said anything about; no failures. */
  readonly unknown: number;
  readonly rows: readonly LeaderboardRow[];
}

/** What a leaderboard is asked about. */
export interface LeaderboardQuery {
  readonly job: string;
  readonly rule: SuccessRule;
  readonly sinceMs: number;
}

/**
 * Ranks models × hosts by outcomes under the job's success rule. A rank is a range: who is better only by chance is
 * not better.
 */
export async function readLeaderboard(
  database: Database,
  query: LeaderboardQuery,
  parts: Pick<EvalParts, 'ceilingNanos'>,
): Promise<Leaderboard> {
  const { job, rule, sinceMs } = query;
  const [uses, judged, [run]] = await Promise.all([
    readEndpointUse(database, query),
    readJudgedOutcomes(database, query),
    listRuns(database, { job, limit: 1 }),
  ]);
  const evidence = gather(uses, judged, rule);
  const mix = mixOf(uses);
  const ranked = await rankInThread({ evidence, pairs: run?.report?.pairs ?? [] });
  const rows = ranked.map((row) => ({
    ...row,
    mixNanosPerMillion: mix && priceOnMix(row, uses, { mix, ceilingNanos: parts.ceilingNanos }),
  }));
  const asked = uses.reduce((sum, { ofJob }) => sum + ofJob, 0);
  const known = [...judged.values()].filter(({ isOfJob, outcomes }) => isOfJob && rule.judge(outcomes) !== 'unknown');
  return {
    job,
    rule: { text: rule.text, version: rule.version },
    sinceMs,
    seed: clusterBootstrapSeed,
    unknown: Math.max(0, asked - known.length),
    rows,
  };
}

function gather(
  uses: readonly EndpointUse[],
  judged: ReadonlyMap<
    string,
    {
      readonly model: string;
      readonly host: string;
      readonly costNanos: bigint | null;
      readonly outcomes: readonly OutcomeFact[];
    }
  >,
  rule: SuccessRule,
): readonly RowEvidence[] {
  const byEndpoint = new Map(
    uses.map((use) => [nameOf(use), { use, successes: 0, parts: new Array<{ costNanos: number; success: number }>() }]),
  );
  for (const one of judged.values()) {
    const row = byEndpoint.get(nameOf(one));
    const success = row && rule.judge(one.outcomes);
    if (!row || success === 'unknown' || success === undefined) continue;
    row.successes += success;
    if (one.costNanos !== null) row.parts.push({ costNanos: Number(one.costNanos), success });
    row.use = { ...row.use, judged: row.use.judged + 1 };
  }
  return [...byEndpoint.values()];
}

function nameOf({ model, host }: { readonly model: string; readonly host: string }): string {
  return `${model}\u0000${host}`;
}

interface Mix {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** The mean request of the job, over all endpoints. */
function mixOf(uses: readonly EndpointUse[]): Mix | undefined {
  const calls = uses.reduce((sum, { completed }) => sum + completed, 0);
  if (calls === 0) return undefined;
  const mean = (of: (use: EndpointUse) => number): number =>
    Math.round(uses.reduce((sum, use) => sum + of(use), 0) / calls);
  return { inputTokens: mean((use) => use.inputUnits), outputTokens: mean((use) => use.outputUnits) };
}

/** What a million tokens of this mix cost there, input fresh; null when a price is unknown. */
function priceOnMix(
  row: LeaderboardRow,
  uses: readonly EndpointUse[],
  { mix, ceilingNanos }: { readonly mix: Mix } & Pick<EvalParts, 'ceilingNanos'>,
): bigint | null {
  const use = uses.find(({ model, host }) => model === row.model && host === row.host);
  const tokens = mix.inputTokens + mix.outputTokens;
  if (!use || tokens === 0) return null;
  const cost = ceilingNanos(`${use.host}/${use.upstreamModel}`, mix);
  return cost === null || Fault.is(cost) ? null : (cost * 1_000_000n) / BigInt(tokens);
}
