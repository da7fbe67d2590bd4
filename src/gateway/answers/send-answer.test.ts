import { expect, it } from 'vitest';
import type { AnswerHeaders, ClientSink, DispatchResult } from '../../dispatch/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { openAIChatInbound } from '../../protocols/index.ts';
import type { AdmittedExchange } from '../settle.ts';
import { sendAnswer } from './send-answer.ts';

const exchange = {
  received: { requestId: 'req_1', inbound: openAIChatInbound, controls: { explain: false } },
  choice: { decision: { reasons: [] } },
  decisionId: 'dec_1',
} as unknown as AdmittedExchange;

function send(result: Partial<DispatchResult>): { status: number; headers: AnswerHeaders } {
  let told: { status: number; headers: AnswerHeaders } | undefined;
  const sink = {
    start: (status: number, headers: AnswerHeaders) => void (told = { status, headers }),
    end: () => undefined,
  } as unknown as ClientSink;
  const whole = {
    status: 'failed',
    inBand: false,
    attempts: 3,
    costNanos: 0n,
    dropped: [],
    ...result,
  } as DispatchResult;
  sendAnswer(exchange, whole, { sink, cache: 'bypass' });
  if (!told) throw new Error('nothing was told');
  return told;
}

it('tells the way of a request that failed, as that of one that was answered', () => {
  const endpoint = { modelName: 'small', host: { id: 'acme' } } as DispatchResult['endpoint'] & object;
  const fault = new Fault('upstream_rate_limited', { retryAfterMs: 2000 });
  expect(send({ endpoint, fault })).toMatchObject({
    status: 429,
    headers: {
      'x-switchyard-request-id': 'req_1',
      'x-switchyard-model': 'small',
      'x-switchyard-host': 'acme',
      'x-switchyard-attempts': '3',
      'x-switchyard-decision': 'dec_1',
      'x-switchyard-cost-nanos': '0',
      'x-switchyard-fault': 'upstream_rate_limited',
      'content-type': 'application/json',
      'retry-after': '2',
    },
  });
});

it('tells no way where there was none', () => {
  const { status, headers } = send({ fault: new Fault('no_candidate'), attempts: 0 });
  expect(status).toBe(400);
  expect(headers).not.toHaveProperty('x-switchyard-host');
});
