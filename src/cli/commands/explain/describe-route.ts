import type { DecisionExplanation, RouteCandidate, RoutePreview } from '../../../sdk/index.ts';
import { alignRows } from '../../shell/align-rows.ts';
import { usd } from '../../shell/write-answer.ts';

/** Tells in words where a request went, then shows the figures of each candidate. */
export function describeRoute(told: RoutePreview | DecisionExplanation): string[] {
  const { summary, reasons, routing, excluded } = told;
  return [
    summary,
    ...reasons.map((reason) => `  ${reason}`),
    ...toldBesides(told),
    ...excluded.map(({ endpoint, reason }) => `  ${endpoint} is out: ${reason}`),
    ...answered(told),
    ...chain(told),
    ...(routing === null ? [] : ['', ...candidateTable(routing.candidates, told.model)]),
    ...(routing === null || routing.hosts.length < 2
      ? []
      : [
          '',
          `hosts (${routing.hostBy}): ${routing.hosts.map(({ endpoint, propensity }) => `${endpoint} ${percent(propensity)}`).join(', ')}`,
        ]),
    ...state(told),
  ];
}

function toldBesides(told: RoutePreview | DecisionExplanation): string[] {
  if (!('prompt' in told)) return [];
  const { prompt, rollout } = told;
  const side = rollout && `  ${rollout.arm} of rollout ${rollout.id}, a chance of ${percent(rollout.propensity)}`;
  return [...(prompt === null ? [] : [`  with the prompt ${prompt}`]), ...(side ? [side] : [])];
}

function answered(told: RoutePreview | DecisionExplanation): string[] {
  if (!('answeredBy' in told) || told.answeredBy === null) return [];
  const { model, host } = told.answeredBy;
  return told.chosen.startsWith(`${host}/`) && model === told.model
    ? []
    : [`  answered in the end by ${model} at ${host}`];
}

/** Who is asked in turn, and what that is expected to come to beside the model that would answer alone. */
function chain({ cascade, routing }: RoutePreview | DecisionExplanation): string[] {
  if (cascade === null) return [];
  const { stages, verifier, verifierError, by, success, costNanos, single } = cascade;
  const alone = routing?.candidates.find(({ model }) => model === single);
  const last = stages.length - 1;
  const rows = stages.map((model, at) => [
    `  ${at + 1}.`,
    model,
    at === last ? 'delivered as it is' : `delivered if the verifier (${verifier}) is content`,
  ]);
  return [
    '',
    `cascade, ${by === 'auto' ? 'chosen by what was learned' : 'as configured'}; ${percent(verifierError)} of the verdicts are wrong:`,
    ...alignRows(rows),
    `  as a whole: success ${success.toFixed(3)}, cost ${usd(costNanos) ?? 'unknown'} on average, drafts included`,
    ...(alone
      ? [`  ${single} alone: success ${alone.quality.toFixed(3)}, cost ${usd(alone.costNanos) ?? 'unknown'}`]
      : []),
  ];
}

function candidateTable(candidates: readonly RouteCandidate[], chosen: string): string[] {
  const titles = ['', 'model', 'success', 'at least', 'outcomes', 'cost', 'time', 'utility', 'chance', ''];
  const rows = candidates.map((one) => [
    one.model === chosen ? '*' : '',
    one.model,
    one.quality.toFixed(3),
    one.lower.toFixed(3),
    one.evidence.toFixed(1),
    usd(one.costNanos) ?? '-',
    `${(one.latencyMs / 1000).toFixed(1)} s`,
    one.utility.toFixed(3),
    percent(one.propensity),
    one.excluded ?? '',
  ]);
  return alignRows([titles, ...rows]).map((line) => line.trimEnd());
}

function state(told: RoutePreview | DecisionExplanation): string[] {
  const { routing } = told;
  if (routing === null) return [];
  const version = routing.jobVersionId === undefined ? '' : `, ${routing.jobVersionId}`;
  const seed =
    'seed' in told ? `, seed ${told.seed}${told.isReplayed === false ? ' (drawn again it differs)' : ''}` : '';
  return ['', `${routing.level} evidence, snapshot ${routing.stateId}${version}${seed}`];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)}%`;
}
