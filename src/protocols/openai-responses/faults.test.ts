import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import { type FaultCode, faultKinds } from '../../domain/faults/fault-codes.ts';
import type { AnswerContext } from '../contract.ts';
import { openAIResponsesInbound as protocol } from './index.ts';
import { readFailure } from './read-failure.ts';

const context: AnswerContext = {
  requestId: 'req_1',
  model: 'small',
  createdAtS: 7,
  wantsUsage: true,
  framing: 'sse',
  request: {},
  newId: (prefix) => `${prefix}_new`,
};

const codes = Object.keys(faultKinds) as FaultCode[];

function eventsOf(text: string): { type: string; sequence_number: number; [key: string]: unknown }[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1] ?? ''));
}

describe('encodeFault', () => {
  it.each(codes)('has message, type, param and code for %s', (code) => {
    expect(protocol.encodeFault(new Fault(code), 'req_1')).toEqual({
      error: {
        message: faultKinds[code].meaning,
        type: expect.stringMatching(/^[a-z_]+$/),
        param: null,
        code: expect.stringMatching(/^[a-z_]+$/),
        request_id: 'req_1',
      },
    });
  });

  it('names the field as users of the dialect write it', () => {
    const fault = new Fault('invalid_request', { param: '/input/0/content/1/image_url' });
    expect(protocol.encodeFault(fault, 'req_1')).toMatchObject({
      error: { type: 'invalid_request_error', param: 'input[0].content[1].image_url' },
    });
  });

  it('never tells what only the log may know', () => {
    const fault = new Fault('upstream_auth', { detail: 'key sk-1', upstreamBody: { error: 'sk-1' }, cause: 'sk-1' });
    expect(JSON.stringify(protocol.encodeFault(fault, 'req_1'))).not.toContain('sk-1');
  });
});

describe('failStream', () => {
  const position = { sequenceNumber: 7, id: 'resp_up', model: 'gpt-up', finished: false, terminated: false };

  it.each(codes)('continues a passed-through stream with error and response.failed for %s [scenario 15]', (code) => {
    const events = eventsOf(protocol.failStream(new Fault(code), context, position));
    expect(events.map(({ type, sequence_number }) => [type, sequence_number])).toEqual([
      ['error', 7],
      ['response.failed', 8],
    ]);
    expect(events[1]).toMatchObject({ response: { id: 'resp_up', model: 'gpt-up', status: 'failed' } });
  });

  it('opens the stream first when nothing was sent yet', () => {
    const fault = new Fault('upstream_timeout');
    const events = eventsOf(protocol.failStream(fault, context, { ...position, sequenceNumber: 0, id: undefined }));
    expect(events.map((event) => event.type)).toEqual([
      'response.created',
      'response.in_progress',
      'error',
      'response.failed',
    ]);
  });

  it('has nothing to add to a stream that ended', () => {
    expect(protocol.closeStream(context, { ...position, finished: true, terminated: true })).toBe('');
  });
});

describe('readFailure', () => {
  it.each([
    [{ code: 'insufficient_quota', message: 'm' }, 'upstream_quota'],
    [{ code: 'rate_limit_exceeded' }, 'upstream_rate_limited'],
    [{ code: null, type: 'invalid_request_error' }, 'upstream_rejected'],
    [{ code: 'context_length_exceeded', type: 'invalid_request_error' }, 'context_too_long'],
    [{ code: 'image_too_large' }, 'upstream_rejected'],
    [{ code: 'server_error' }, 'upstream_error'],
    [{ code: 'never_heard_of' }, 'upstream_error'],
    [null, 'upstream_error'],
  ])('classifies %j', (error, code) => {
    expect(readFailure(error).code).toBe(code);
  });

  it('keeps the sentence of the host for the log, and from the client unless it helps', () => {
    const quota = readFailure({ code: 'insufficient_quota', message: 'account org-1 is out of quota' });
    expect(quota.message).not.toContain('org-1');
    expect(quota.detail).toContain('org-1');
    expect(
      readFailure({ type: 'invalid_request_error', message: 'bad temperature', param: 'temperature' }),
    ).toMatchObject({
      message: 'bad temperature',
      param: 'temperature',
    });
  });
});
