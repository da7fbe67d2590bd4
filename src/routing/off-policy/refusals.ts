import type { WeighedDecision } from './evaluate-policy.ts';
import type { DecisionKind } from './logged-decision.ts';

/** Why a log does not support a conclusion. */
export interface Refusal {
  readonly reason:
    | 'no-decisions'
    | 'chains-used'
    | 'rollout-divided'
    | 'propensity-missing'
    | 'propensity-zero'
    | 'policy-changed'
    | 'few-outcomes';
  /** In a sentence, with what would help. */
  readonly detail: string;
}

/** Below this many effective outcomes an estimate is noise. */
const leastEffectiveSize = 200;

/** Reasons not to conclude from these rows; empty when the figures hold. */
export function findRefusals(rows: readonly WeighedDecision[], effectiveSize: number): readonly Refusal[] {
  if (rows.length === 0) {
    return [{ reason: 'no-decisions', detail: 'the log holds no decision about the jobs that the policy names' }];
  }
  const plain = rows.filter(({ decision }) => decision.kind === 'plain');
  if (plain.length === 0) return notAlone(rows);
  return [
    ...notAlone(rows),
    ...missing(plain),
    ...unsupported(plain),
    ...changedPolicies(plain),
    ...(effectiveSize >= leastEffectiveSize ? [] : [tooFew(effectiveSize)]),
  ];
}

/** Answers of which the log cannot tell what one model alone would have brought. */
function notAlone(rows: readonly WeighedDecision[]): readonly Refusal[] {
  const count = (kind: DecisionKind): number => rows.filter(({ decision }) => decision.kind === kind).length;
  const [chains, divided] = [count('chain'), count('divided')];
  const refusals: Refusal[] = [];
  if (chains > 0) {
    const detail =
      `${chains} of ${rows.length} requests were answered by a cascade of models that nothing was held out of: what a ` +
      "model alone brings there cannot be told; set the cascade's `heldOutShare`, or value a policy that keeps it";
    refusals.push({ reason: 'chains-used', detail });
  }
  if (divided > 0) {
    const detail =
      `${divided} of ${rows.length} requests were divided by a rollout, which offers each side only a part of the ` +
      "models; take a window before or after it, or read the rollout's own comparison";
    refusals.push({ reason: 'rollout-divided', detail });
  }
  return refusals;
}

function missing(rows: readonly WeighedDecision[]): readonly Refusal[] {
  const count = rows.filter(({ decision }) => !((decision.candidates[decision.chosen]?.propensity ?? 0) > 0)).length;
  if (count === 0) return [];
  const detail = `${count} of ${rows.length} decisions carry no propensity of what was chosen`;
  return [{ reason: 'propensity-missing', detail }];
}

function unsupported(rows: readonly WeighedDecision[]): readonly Refusal[] {
  const models = new Map<string, number>();
  let count = 0;
  for (const { decision, choice } of rows) {
    const candidate = decision.candidates[choice];
    if (candidate !== undefined && candidate.propensity > 0) continue;
    count++;
    const model = candidate?.model ?? 'nothing that may be chosen';
    models.set(model, (models.get(model) ?? 0) + 1);
  }
  if (count === 0) return [];
  const names = [...models.keys()].slice(0, 3).join(', ');
  const detail =
    `${count} of ${rows.length} requests would go to ${names}, which the log never tries there; ` +
    'let the job explore, or run a rollout, whose shadow answers them too';
  return [{ reason: 'propensity-zero', detail }];
}

function changedPolicies(rows: readonly WeighedDecision[]): readonly Refusal[] {
  const versions = new Map<string, { version: string | undefined; sinceMs: number; changes: number }>();
  for (const { decision } of rows) {
    const { job, jobVersion: version, atMs } = decision;
    const known = versions.get(job);
    if (known === undefined) versions.set(job, { version, sinceMs: atMs, changes: 0 });
    else if (known.version !== version) versions.set(job, { version, sinceMs: atMs, changes: known.changes + 1 });
  }
  return [...versions]
    .filter(([, { changes }]) => changes > 0)
    .map(([job, { sinceMs }]) => ({
      reason: 'policy-changed' as const,
      detail:
        `the settings of job ${job} changed within the window; those of now hold since ` +
        new Date(sinceMs).toISOString(),
    }));
}

function tooFew(effectiveSize: number): Refusal {
  const detail =
    `the outcomes are worth ${Math.floor(effectiveSize)} plain ones, and ${leastEffectiveSize} are needed; ` +
    'take a longer window, or post more outcomes';
  return { reason: 'few-outcomes', detail };
}
