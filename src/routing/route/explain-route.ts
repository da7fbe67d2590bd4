import type { RoutedCandidate, RoutedDecision } from './decide-route.ts';
import type { RoutedJob } from './route-input.ts';

const mostReasons = 6;

/** One sentence that says what was chosen and why, in words that need no explanation. */
export function summarise(decision: RoutedDecision, job: RoutedJob): string {
  const { candidates, model, runnerUp } = decision;
  const chosen = candidates.find((one) => one.model === model);
  const other = candidates.find((one) => one.model === runnerUp);
  const where = job.name === '' ? 'requests of no known job' : job.name;
  const against = other && chosen ? `, ${compare(chosen, other)}` : '';
  const success = chosen ? expectation(chosen) : '';
  switch (decision.reason) {
    case 'incumbent':
      return `${model} keeps ${where}: no other candidate is proven to be as good; ${success}.`;
    case 'exploration':
      return `${model} is tried for ${where} to learn about it (chance ${shareText(chosen?.propensity ?? 0)})${against}; ${success}.`;
    case 'kept':
      return `${model} stays with ${where}: the gain of changing is too small${against}; ${success}.`;
    case 'best':
      return `${model} is the best value for ${where}: ${success}${against}.`;
  }
}

/** The sentence, how the job was found, and why each other candidate was not taken. */
export function explainRoute(decision: RoutedDecision, job: RoutedJob): string[] {
  const others = decision.candidates.filter(({ model }) => model !== decision.model);
  const byUtility = others.toSorted((left, right) => right.utility - left.utility);
  const shown = byUtility.slice(0, mostReasons).map(passedOver);
  const left = byUtility.length - shown.length;
  return [
    summarise(decision, job),
    ...found(job),
    ...(decision.hostBy === 'sticky' ? [`${decision.ranked[0]} holds the conversation's prompt cache`] : []),
    ...shown,
    ...(left > 0 ? [`${left} more candidates are passed over`] : []),
  ];
}

function found({ found: how, name, similarity }: RoutedJob): string[] {
  if (how === 'unknown') return ['the request resembles no job: what is known of all work decides'];
  if (how !== 'nearest') return [];
  return [`the request resembles ${name}${similarity === undefined ? '' : ` (similarity ${similarity.toFixed(2)})`}`];
}

function passedOver(candidate: RoutedCandidate): string {
  const { model, excluded, costNanos } = candidate;
  if (excluded !== undefined) return `${model} is out: ${excluded}`;
  const cost = costNanos === undefined ? 'price unknown' : `about ${usd(costNanos)}`;
  return `${model} is passed over: ${expectation(candidate)}, ${cost}`;
}

function expectation({ quality, evidence }: RoutedCandidate): string {
  const expected = `expected success ${quality.toFixed(2)}`;
  if (evidence <= 0) return `${expected} before any outcome`;
  const count = Math.max(1, Math.round(evidence));
  return `${expected} after ${count} ${count === 1 ? 'outcome' : 'outcomes'}`;
}

function compare(chosen: RoutedCandidate, other: RoutedCandidate): string {
  const points = Math.round(100 * (chosen.quality - other.quality));
  const better = points === 0 ? 'as good as' : `${Math.abs(points)} points ${points > 0 ? 'better' : 'worse'} than`;
  const { costNanos } = chosen;
  if (costNanos === undefined || other.costNanos === undefined || other.costNanos <= 0)
    return `${better} ${other.model}`;
  return `${better} ${other.model} at ${shareText(costNanos / other.costNanos)} of its cost`;
}

/** A share for people; one below a hundredth keeps a digit, since 0% would say it is none. */
export function shareText(share: number): string {
  return share > 0 && share < 0.01 ? `${(100 * share).toFixed(1)}%` : `${Math.round(100 * share)}%`;
}

function usd(nanos: number): string {
  return `$${(nanos / 1e9).toPrecision(2)}`;
}
