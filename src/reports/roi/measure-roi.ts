import type { LoggedExchange } from '../../domain/facts/exchange-log.ts';
import { standingOutcomes } from '../../domain/outcomes/outcome.ts';
import { ratioMetric } from '../../domain/statistics/ratio-metric.ts';
import { wilsonInterval } from '../../domain/statistics/wilson.ts';
import type { SuccessRule } from '../../domain/outcomes/success-rule.ts';
import { measureSaving } from './measure-saving.ts';
import type { Parity, Return, RoiReport, SuccessValue } from './roi-report.ts';

/** What is asked about a job. */
export interface RoiQuestion {
  readonly job: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly rule: SuccessRule;
  readonly value: SuccessValue | undefined;
  /** Whether the answers are as good as those of a baseline; absent: no saving is shown. */
  readonly parity: Parity | undefined;
}

const bootstrapSeed = 20_260_101;
const fewestClusters = 10;

interface Judged {
  readonly exchange: LoggedExchange;
  readonly success: 1 | 0 | 'unknown';
}

/** Full cost per success, value and return of a job. What nobody told is neither success nor failure. */
export function measureRoi(exchanges: Iterable<LoggedExchange>, question: RoiQuestion): RoiReport {
  const { rule, value, parity, job, fromMs, toMs } = question;
  const all = [...exchanges];
  const isEvaluation = ({ outcomes }: LoggedExchange): boolean => outcomes.some(({ runId }) => runId !== undefined);
  const traffic = all.filter((exchange) => !isEvaluation(exchange));
  const judged = traffic.map((exchange): Judged => ({ exchange, success: rule.judge(exchange.outcomes) }));
  const told = judged.filter(({ success }) => success !== 'unknown');
  const successes = told.filter(({ success }) => success === 1).length;
  const toldNanos = costOf(told.map(({ exchange }) => exchange));
  const totalNanos = costOf(traffic);
  const standing = traffic.flatMap(({ outcomes }) => standingOutcomes(outcomes));
  return {
    job,
    fromMs,
    toMs,
    rule: { text: rule.text, version: rule.version },
    requests: traffic.length,
    successes,
    failures: told.length - successes,
    unknown: traffic.length - told.length,
    successRate:
      told.length === 0
        ? undefined
        : { rate: successes / told.length, interval: wilsonInterval(successes, told.length) },
    cost: {
      totalNanos,
      toldNanos,
      wasteNanos: traffic.reduce((sum, { wasteNanos }) => sum + wasteNanos, 0n),
      draftNanos: traffic.reduce((sum, { draftNanos = 0n }) => sum + draftNanos, 0n),
      estimatedNanos: traffic.reduce((sum, { estimatedNanos }) => sum + estimatedNanos, 0n),
      evaluationNanos: costOf(all.filter(isEvaluation)),
      unpriced: traffic.filter(({ costNanos }) => costNanos === null).length,
    },
    costPerSuccess: costPerSuccess(told, totalNanos),
    returns: value === undefined ? [] : returnsOf(value, successes, toldNanos),
    revenueNanos: standing.reduce(
      (sum, { kind, amountNanos }) => sum + (kind === 'revenue' ? BigInt(amountNanos ?? '0') : 0n),
      0n,
    ),
    minutesSaved: standing.reduce((sum, { minutesSaved }) => sum + (minutesSaved ?? 0), 0),
    saving: parity && measureSaving(traffic, parity),
  };
}

function costOf(exchanges: readonly LoggedExchange[]): bigint {
  return exchanges.reduce((sum, { costNanos }) => sum + (costNanos ?? 0n), 0n);
}

function costPerSuccess(told: readonly Judged[], totalNanos: bigint): RoiReport['costPerSuccess'] {
  const byUser = group(told, ({ exchange: { final } }) => final.endUser ?? final.customer);
  const isClustered = byUser.size >= fewestClusters;
  const clusters = isClustered ? byUser : group(told, ({ exchange: { final } }) => final.requestId);
  const parts = [...clusters.values()].map((rows) => ({
    numerator: rows.reduce((sum, { exchange }) => sum + Number(exchange.costNanos ?? 0n), 0),
    denominator: rows.filter(({ success }) => success === 1).length,
  }));
  const metric = ratioMetric(parts, { seed: bootstrapSeed, rounds: roundsFor(parts.length) });
  if (metric.ratio === undefined) return { atLeastNanos: totalNanos };
  const by = isClustered ? `${clusters.size} users` : `${clusters.size} requests, too few users to group them`;
  return { nanos: metric.ratio, interval: metric.interval, clusters: by };
}

/** Two thousand resamples, fewer where many clusters make each of them certain and dear. */
function roundsFor(clusters: number): number {
  return Math.max(400, Math.min(2_000, Math.floor(40_000_000 / Math.max(1, clusters))));
}

function group(rows: readonly Judged[], nameOf: (row: Judged) => string): Map<string, Judged[]> {
  const groups = new Map<string, Judged[]>();
  for (const row of rows) {
    const name = nameOf(row);
    const known = groups.get(name);
    if (known === undefined) groups.set(name, [row]);
    else known.push(row);
  }
  return groups;
}

/** Over requests whose outcome is known, on both sides: the others bring neither value nor cost into it. */
function returnsOf(value: SuccessValue, successes: number, costNanos: bigint): Return[] {
  const estimates = { low: value.lowNanos, mid: value.midNanos, high: value.highNanos };
  return (['low', 'mid', 'high'] as const).map((estimate) => {
    const valueNanos = estimates[estimate] * BigInt(successes);
    const roi = costNanos === 0n ? undefined : Number(((valueNanos - costNanos) * 1_000_000n) / costNanos) / 1e6;
    return { estimate, valueNanos, roi };
  });
}
