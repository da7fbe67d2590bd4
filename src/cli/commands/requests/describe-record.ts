import { formatNanosAsUsd } from '../../../domain/money/money.ts';
import type { RequestAttempt, RequestDecision, RequestRecord } from '../../../sdk/index.ts';

/** Tells a request's record as a person would want to hear it. */
export function describeRecord(record: RequestRecord): string[] {
  const { open, final, decision, attempts, outcomes } = record;
  return [
    `${record.requestId}  ${record.status}${final?.fault === undefined ? '' : ` (${final.fault})`}`,
    ...(open === undefined
      ? []
      : [
          `  asked     ${open.model} by ${open.dialect}${open.stream ? ', streamed' : ''}, key ${open.key}, ${timeOf(open.atMs)}`,
        ]),
    ...(decision === undefined ? [] : describeDecision(decision)),
    ...attempts.flatMap(describeAttempt),
    ...(final?.totalMs === undefined
      ? []
      : [
          `  answered  HTTP ${final.httpStatus ?? '-'} after ${Math.round(final.totalMs)} ms, cache ${final.cache ?? '-'}`,
        ]),
    `  cost      ${costText(record.costNanos)}`,
    ...outcomes.map(
      (outcome) => `  outcome   ${outcome.kind} ${outcome.value ?? ''} from ${outcome.source}, ${timeOf(outcome.atMs)}`,
    ),
  ];
}

/** Writes nano-USD for people; an unknown price is never shown as nothing. */
export function costText(costNanos: string | null): string {
  return costNanos === null ? 'unknown: a price is missing' : formatNanosAsUsd(BigInt(costNanos));
}

function describeDecision(decision: RequestDecision): string[] {
  return [
    `  decided   ${decision.ranked.join(', then ')} (${decision.decisionId})`,
    ...decision.reasons.map((reason) => `            ${reason}`),
    ...decision.excluded.map(({ endpoint, reason }) => `            not ${endpoint}: ${reason}`),
  ];
}

function describeAttempt(attempt: RequestAttempt): string[] {
  const first = attempt.firstTokenMs === undefined ? '' : `, first token ${Math.round(attempt.firstTokenMs)} ms`;
  const usage = Object.entries(attempt.usage ?? {}).map(([bucket, units]) => `${bucket} ${units}`);
  const flags = attempt.flags.length === 0 ? '' : ` [${attempt.flags.join(', ')}]`;
  const end = attempt.fault ?? attempt.finishReason ?? 'done';
  return [
    `  attempt ${attempt.attempt} ${attempt.host}/${attempt.upstreamModel}: ${end} in ${Math.round(attempt.totalMs)} ms${first}${flags}`,
    `            ${[...usage, costText(attempt.costNanos)].join(', ')}`,
  ];
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
