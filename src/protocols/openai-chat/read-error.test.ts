import { describe, expect, it } from 'vitest';
import type { FaultCode } from '../../domain/faults/fault-codes.ts';
import { readError } from './read-error.ts';

function error(fields: { readonly [key: string]: unknown }): unknown {
  return { error: fields };
}

const cases: readonly (readonly [FaultCode, number | undefined, unknown])[] = [
  ['upstream_quota', 429, error({ code: 'insufficient_quota', type: 'insufficient_quota', message: 'You exceeded …' })],
  ['upstream_quota', undefined, error({ code: 'insufficient_quota' })],
  [
    'upstream_quota',
    402,
    error({ message: 'Insufficient Balance', type: 'unknown_error', code: 'invalid_request_error' }),
  ],
  ['upstream_quota', 429, error({ type: 'exceeded_current_quota_error', message: 'x' })],
  ['upstream_quota', 429, error({ code: 'rate_limit_exceeded', message: 'Limit on tokens per day (TPD) reached' })],
  ['upstream_rate_limited', 429, error({ code: 'rate_limit_exceeded', type: 'tokens', message: 'per min' })],
  [
    'upstream_rate_limited',
    413,
    error({ code: 'rate_limit_exceeded', message: 'Request too large, reduce the length' }),
  ],
  ['upstream_rate_limited', 429, 'Too many requests'],
  ['upstream_rate_limited', 429, [{ error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'quota' } }]],
  ['upstream_rate_limited', undefined, error({ code: 429, message: 'slow down' })],
  ['context_too_long', 400, error({ code: 'context_length_exceeded', message: 'x', param: 'messages' })],
  [
    'context_too_long',
    400,
    error({ type: 'invalid_request_error', message: "This model's maximum context length is 8192 tokens" }),
  ],
  ['context_too_long', 422, { object: 'error', message: 'the input exceeds the maximum number of tokens', code: 422 }],
  ['context_too_long', 400, { error: 'prompt is too long: 9 > 8' }],
  ['upstream_auth', 401, error({ code: 'invalid_api_key', message: 'Incorrect API key provided: sk-abc' })],
  ['upstream_auth', 403, error({ message: 'nope' })],
  ['upstream_model_gone', 404, error({ code: 'model_not_found', message: 'The model `x` does not exist' })],
  ['upstream_model_gone', 404, { detail: 'Not Found' }],
  [
    'upstream_model_gone',
    400,
    error({ type: 'invalid_request_error', message: 'The model `x` has been decommissioned' }),
  ],
  ['upstream_overloaded', 503, error({ message: 'x', type: 'service_unavailable' })],
  ['upstream_overloaded', undefined, error({ code: 'server_overloaded' })],
  ['upstream_overloaded', 529, ''],
  ['upstream_timeout', 504, ''],
  ['upstream_timeout', undefined, error({ type: 'timeout', message: 'x' })],
  ['upstream_error', 500, error({ type: 'server_error', message: 'x' })],
  ['upstream_error', 502, '<html>Bad gateway</html>'],
  ['upstream_error', undefined, error({ message: 'something' })],
  [
    'upstream_rejected',
    400,
    error({ type: 'invalid_request_error', param: 'max_tokens', code: 'unsupported_parameter', message: 'no' }),
  ],
  ['upstream_rejected', 400, error({ code: 'content_filter', message: 'filtered' })],
  ['upstream_rejected', 422, { detail: [{ loc: ['body'], msg: 'field required' }] }],
];

describe('readError', () => {
  it.each(cases)('says %s for %s %j', (code, status, body) => {
    expect(readError(body, status).code).toBe(code);
  });

  it('keeps the words of a rejection, with its field', () => {
    const fault = readError(error({ type: 'invalid_request_error', message: 'n is wrong', param: 'n' }), 400);
    expect(fault).toMatchObject({ message: 'n is wrong', param: 'n', upstreamStatus: 400 });
    expect(fault.upstreamBody).toEqual(error({ type: 'invalid_request_error', message: 'n is wrong', param: 'n' }));
    expect(readError({ detail: [{ msg: 'field required' }] }, 422).message).toBe('field required');
  });

  it('keeps the words of other failures out of reach of clients', () => {
    const fault = readError(error({ message: 'database db-7 at 10.0.0.3 down', type: 'server_error' }), 500);
    expect(fault.message).not.toContain('10.0.0.3');
    expect(fault.upstreamBody).toBeUndefined();
    expect(fault.detail).toContain('10.0.0.3');
  });

  it('[scenario 37] never repeats a key', () => {
    const key = 'sk-proj-abcdefghijklmnop1234567890';
    for (const status of [400, 401, 500]) {
      const fault = readError(
        error({ message: `bad key ${key} or Bearer ${key}`, type: 'invalid_request_error' }),
        status,
      );
      expect(JSON.stringify([fault.message, fault.detail, fault.upstreamBody])).not.toContain('abcdefghijklmnop');
    }
    expect(readError(error({ message: 'model gpt-4o-mini-search-preview rejects n' }), 400).message).toContain(
      'gpt-4o-mini',
    );
  });

  it.each([
    ['Please try again in 1.5s.', 1500],
    ['Please try again in 20ms.', 20],
    ['try again in 7m12s', 432_000],
    ['no wait named', undefined],
  ])('[scenario 33] reads the wait of %j', (message, waitMs) => {
    expect(readError(error({ message }), 429).retryAfterMs).toBe(waitMs);
  });

  it('[scenario 33] reads the wait of a RetryInfo detail', () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.4s' }];
    expect(readError(error({ code: 429, message: 'x', details }), 429).retryAfterMs).toBe(34_400);
  });
});
