import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import { type FaultCode, faultKinds } from '../../domain/faults/fault-codes.ts';
import { encodeFault } from './encode-fault.ts';
import { readAnthropicError } from './read-error.ts';

const types: { readonly [Code in FaultCode]: string } = {
  invalid_request: 'invalid_request_error',
  unsupported_feature: 'invalid_request_error',
  context_too_long: 'invalid_request_error',
  upstream_rejected: 'invalid_request_error',
  no_candidate: 'invalid_request_error',
  response_unknown: 'invalid_request_error',
  key_invalid: 'authentication_error',
  budget_exceeded: 'billing_error',
  not_allowed: 'permission_error',
  model_unknown: 'not_found_error',
  not_found: 'not_found_error',
  method_not_allowed: 'invalid_request_error',
  body_timeout: 'timeout_error',
  conflict: 'invalid_request_error',
  database_unavailable: 'api_error',
  isolation_unavailable: 'api_error',
  too_large: 'request_too_large',
  schema_unmet: 'invalid_request_error',
  rate_limited: 'rate_limit_error',
  upstream_rate_limited: 'rate_limit_error',
  client_gone: 'invalid_request_error',
  upstream_quota: 'api_error',
  upstream_auth: 'api_error',
  upstream_model_gone: 'api_error',
  upstream_unreachable: 'api_error',
  upstream_error: 'api_error',
  upstream_malformed: 'api_error',
  empty_completion: 'api_error',
  refused: 'api_error',
  answer_rejected: 'api_error',
  truncated: 'api_error',
  upstream_overloaded: 'overloaded_error',
  shedding: 'overloaded_error',
  journal_full: 'api_error',
  budget_unavailable: 'api_error',
  upstream_timeout: 'timeout_error',
  deadline_exceeded: 'timeout_error',
  internal: 'api_error',
};

describe('faults in the Messages dialect', () => {
  it.each(Object.keys(faultKinds) as FaultCode[])('writes %s with its type', (code) => {
    expect(encodeFault(new Fault(code, { message: 'Safe words.', detail: 'secret' }), 'rq_1')).toEqual({
      type: 'error',
      error: { type: types[code], message: 'Safe words.' },
      request_id: 'rq_1',
    });
  });

  it.each([
    ['overloaded_error', 529, 'upstream_overloaded'],
    ['rate_limit_error', 429, 'upstream_rate_limited'],
    ['authentication_error', 401, 'upstream_auth'],
    ['permission_error', 403, 'upstream_auth'],
    ['billing_error', 402, 'upstream_quota'],
    ['not_found_error', 404, 'upstream_model_gone'],
    ['request_too_large', 413, 'too_large'],
    ['timeout_error', 504, 'upstream_timeout'],
    ['api_error', 500, 'upstream_error'],
    ['unheard_of_error', 400, 'upstream_rejected'],
    ['unheard_of_error', undefined, 'upstream_error'],
  ])('reads %s with status %s as %s', (type, status, code) => {
    const body = { type: 'error', error: { type, message: 'words' } };
    expect(readAnthropicError(body, status === undefined ? {} : { status }).code).toBe(code);
  });

  it.each([
    ['prompt is too long: 210000 tokens > 200000 maximum', 'context_too_long'],
    ['input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000', 'context_too_long'],
    ['Your credit balance is too low to access the API.', 'upstream_quota'],
    ['messages.0: roles must alternate', 'upstream_rejected'],
  ])('tells bad requests apart by their words: %s', (message, code) => {
    const fault = readAnthropicError(
      { type: 'error', error: { type: 'invalid_request_error', message } },
      { status: 400 },
    );
    expect(fault.code).toBe(code);
  });

  it('[scenario 38] gives the client the very words of an upstream that refused its request', () => {
    const body = { type: 'error', error: { type: 'invalid_request_error', message: 'tools.0: bad' }, request_id: 'up' };
    const fault = readAnthropicError(body, { status: 400 });
    expect(fault.message).toBe('tools.0: bad');
    expect(encodeFault(fault, 'rq_1')).toEqual({ ...body, request_id: 'rq_1' });
  });

  it('[scenario 37] keeps what an upstream says about our credentials from the client', () => {
    const fault = readAnthropicError(
      { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key sk-ant-123' } },
      { status: 401, retryAfterMs: 5 },
    );
    expect(JSON.stringify(encodeFault(fault, 'rq_1'))).not.toContain('sk-ant');
    expect(fault).toMatchObject({ code: 'upstream_auth', upstreamStatus: 401, retryAfterMs: 5 });
  });

  it.each([undefined, null, 'oops', [], { error: 'text' }, { error: { type: 5 } }])(
    'reads %j without failing',
    (body) => {
      expect(readAnthropicError(body, { status: 503 }).code).toBe('upstream_overloaded');
    },
  );
});
