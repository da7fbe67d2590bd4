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
