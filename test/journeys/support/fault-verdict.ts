import type { InboundDialectId } from '../../../src/domain/calls/dialect.ts';
import { type FaultCode, faultKinds } from '../../../src/domain/faults/fault-codes.ts';
import type { ClientView } from './client-dialects.ts';
import { answerWords, type Expected } from './fault-table.ts';
import { type FaultCase, type Observed, upstreamKey } from './fault-runner.ts';

/** Error types of the Messages API by fault; everything else is an `api_error`. */
const messagesTypes: { readonly [Code in FaultCode]?: string } = {
  upstream_rate_limited: 'rate_limit_error',
  upstream_overloaded: 'overloaded_error',
  upstream_timeout: 'timeout_error',
  deadline_exceeded: 'timeout_error',
  upstream_rejected: 'invalid_request_error',
  context_too_long: 'invalid_request_error',
};
const geminiWords: { readonly [status: number]: string } = {
  400: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};
/** Codes that clients of the OpenAI dialects know by the vendor's name. */
const vendorCodes: { readonly [Code in FaultCode]?: readonly string[] } = {
  upstream_rate_limited: ['rate_limit_exceeded'],
  context_too_long: ['context_length_exceeded'],
};

/** What one case should not have shown; empty when everything is as the table says. */
export function differences(one: FaultCase, seen: Observed): readonly string[] {
  return [
    ...clientDifferences(one, seen.client),
    ...upstreamDifferences(one, seen),
    ...journalDifferences(one, seen),
  ].map((difference) => `${one.name}: ${difference}`);
}

function clientDifferences({ expected, inbound, row }: FaultCase, client: ClientView): string[] {
  const { kind, text, errorMessage } = client;
  if (kind !== expected.client) {
    return [
      `the client has "${kind}" (${client.status} ${client.errorCode} ${errorMessage}), not "${expected.client}"`,
    ];
  }
  const found: string[] = [];
  const check = (isRight: boolean, difference: string): void => {
    if (!isRight) found.push(difference);
  };
  check(!client.raw.includes(upstreamKey), 'the credentials of the upstream leaked');
  check(client.ids.length <= 1, `several answers in one: ${client.ids.join(', ')}`);
  if (expected.client !== 'error') {
    const isOwn = row.hugeWord !== undefined && expected.backup === 0;
    const word = isOwn ? 'x'.repeat(row.hugeWord) : undefined;
    check(isTextRight(text, expected, word), `the text is ${JSON.stringify(text.slice(0, 80))}`);
    check(client.attempts === expected.tries + expected.backup, `x-switchyard-attempts is ${client.attempts}`);
    check(client.status === 200, `status ${client.status}`);
  }
  if (expected.client !== 'answer') found.push(...errorDifferences(inbound, expected, client));
  return found;
}

function errorDifferences(
  inbound: InboundDialectId,
  { client, code, retryAfterS }: Expected,
  view: ClientView,
): string[] {
  if (code === undefined) return ['the table names no code'];
  const { httpStatus } = faultKinds[code];
  const found: string[] = [];
  if (client === 'error' && view.status !== httpStatus) found.push(`status ${view.status}, not ${httpStatus}`);
  if (!isErrorTrue(inbound, code, view)) found.push(`the error says ${view.errorType}, ${view.errorCode}`);
  const waitS = view.retryAfterS;
  if (retryAfterS !== undefined && (waitS === undefined || Math.abs(waitS - retryAfterS) > 2)) {
    found.push(`retry-after is ${waitS}`);
  }
  return found;
}

/** The error is one that the dialect's own clients understand. What the upstream said of the request is kept. */
function isErrorTrue(inbound: InboundDialectId, code: FaultCode, view: ClientView): boolean {
  const { errorType, errorCode } = view;
  if (inbound === 'anthropic-messages') return errorType === (messagesTypes[code] ?? 'api_error');
  const isOwnWords = code === 'upstream_rejected' && view.status === 400;
  if (inbound === 'gemini') {
    return errorType === geminiWords[faultKinds[code].httpStatus] && (isOwnWords || errorCode === code);
  }
  const isKnown = errorCode === code || vendorCodes[code]?.includes(errorCode ?? '') === true;
  const isTerminal = view.kind !== 'in-band' || inbound === 'openai-chat' || errorType === 'response.failed';
  return (isKnown || isOwnWords) && isTerminal && errorType !== undefined;
}

function isTextRight(text: string, expected: Expected, hugeWord: string | undefined): boolean {
  if (expected.isEmpty === true) return text === '';
  if (expected.client === 'in-band') {
    const whole = answerWords.join('');
    if (expected.words !== undefined) return text === answerWords.slice(0, expected.words).join('');
    return text !== '' && text !== whole && whole.startsWith(text);
  }
  if (expected.words !== undefined) return text.trim().split(/\s+/).length === expected.words;
  return text === (hugeWord ?? answerWords.join(''));
}

function upstreamDifferences({ expected, row }: FaultCase, seen: Observed): string[] {
  const found: string[] = [];
  const tries = row.host === 'closed' ? 0 : expected.tries;
  if (seen.tries !== tries) found.push(`${seen.tries} calls came to the endpoint, not ${tries}`);
  if (seen.backup !== expected.backup) found.push(`${seen.backup} calls came to the second endpoint`);
  if (row.hugeWord === undefined && seen.aborts !== (expected.aborts ?? 0))
    found.push(`${seen.aborts} calls were aborted`);
  return found;
}

function journalDifferences(one: FaultCase, seen: Observed): string[] {
  const { expected } = one;
  const counts = { open: 0, decision: 0, attempt: 0, final: 0, abort: 0, correction: 0, outcome: 0, run: 0 };
  for (const fact of seen.facts) counts[fact.type]++;
  const wanted = { ...counts, open: 1, decision: 1, attempt: expected.tries + expected.backup, final: 1 };
  wanted.abort = wanted.correction = wanted.outcome = wanted.run = 0;
  if (JSON.stringify(counts) !== JSON.stringify(wanted)) return [`the journal has ${JSON.stringify(counts)}`];
  const [final] = seen.finals;
  if (!final) return ['no final fact'];
  const found: string[] = [];
  const compare = (name: string, value: unknown, should: unknown): void => {
    if (value !== should) found.push(`the journal says ${name} ${String(value)}, not ${String(should)}`);
  };
  const isAnswer = expected.client === 'answer';
  compare('status', final.status, isAnswer ? 'completed' : 'failed');
  compare('fault', final.fault, isAnswer ? undefined : expected.code);
  compare('inBand', final.inBand, expected.client === 'in-band' ? true : undefined);
  compare('httpStatus', final.httpStatus, seen.client.status);
  compare('attempts', final.attempts, wanted.attempt);
  compare('numbers', seen.attempts.map(({ attempt }) => attempt).join(), numbersTo(wanted.attempt));
  compare('faults', seen.attempts.map(({ fault }) => fault ?? 'none').join(), faultsOf(expected).join());
  const isEstimated = seen.attempts.at(-1)?.flags.includes('estimated') === true;
  if (expected.estimated === true) compare('estimated', isEstimated, true);
  if (isAnswer) compare('host', final.host?.startsWith('spare'), expected.backup === 1);
  if (JSON.stringify(seen.facts).includes(upstreamKey))
    found.push('the credentials of the upstream are in the journal');
  return found;
}

function numbersTo(count: number): string {
  return Array.from({ length: count }, (_, at) => at + 1).join();
}

/** The faults of the attempts in order: all tries of the faulty endpoint, but for one that recovered, then the second. */
function faultsOf(expected: Expected): string[] {
  const code = expected.recorded ?? expected.code ?? 'none';
  const tries = Array.from({ length: expected.tries }, () => code as string);
  if (expected.recovers === true) tries[tries.length - 1] = 'none';
  if (expected.backup === 0) return tries;
  return [...tries, expected.client === 'answer' ? 'none' : code];
}
