import { describe, expect, test } from 'vitest';
import type { FaultCode } from '../../src/domain/faults/fault-codes.ts';
import type { Fault } from '../../src/domain/faults/fault.ts';
import type { JsonObject } from '../../src/domain/calls/model-call.ts';
import { providerDefinitions, type UpstreamFailure } from '../../src/providers/index.ts';
import { endpointOf, modelsOf, nowMs, registry, secret } from './provider-samples.ts';

const cases = providerDefinitions.map((definition) => [definition.id, definition] as const);

type StatusFailure = Extract<UpstreamFailure, { kind: 'status' }>;

function status(code: number, body: JsonObject | string = {}, headers: StatusFailure['headers'] = {}): StatusFailure {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { kind: 'status', status: code, headers, body: Buffer.from(text) };
}

const openAIError = (message: string, type: string, code: string | null = null): JsonObject => ({
  error: { message, type, code, param: null },
});
const anthropicError = (type: string, message: string): JsonObject => ({ type: 'error', error: { type, message } });
const googleError = (word: string, message: string, details: readonly JsonObject[] = []): JsonObject => ({
  error: { code: word === 'RESOURCE_EXHAUSTED' ? 429 : 400, status: word, message, details },
});
const aws = (type: string): StatusFailure['headers'] => ({ 'x-amzn-errortype': type });

const expected: readonly (readonly [string, UpstreamFailure, FaultCode])[] = [
  ['a rate limit', status(429, openAIError('slow down', 'requests', 'rate_limit_exceeded')), 'upstream_rate_limited'],
  ['a rate limit without a body', status(429, ''), 'upstream_rate_limited'],
  ['Anthropic’s rate limit', status(429, anthropicError('rate_limit_error', 'x')), 'upstream_rate_limited'],
  ['AWS throttling', status(429, { message: 'x' }, aws('ThrottlingException:http://x')), 'upstream_rate_limited'],
  ['an empty account', status(429, openAIError('x', 'insufficient_quota', 'insufficient_quota')), 'upstream_quota'],
  ['an unpaid account', status(402, openAIError('Insufficient Balance', 'unknown_error')), 'upstream_quota'],
  [
    'Anthropic’s empty account',
    status(400, anthropicError('invalid_request_error', 'Your credit balance is too low')),
    'upstream_quota',
  ],
  [
    'a refused key',
    status(401, openAIError('Incorrect API key provided', 'invalid_request_error', 'invalid_api_key')),
    'upstream_auth',
  ],
  ['a forbidden model', status(403, openAIError('no access', 'permission_error')), 'upstream_auth'],
  [
    'Google’s refused key, a 400',
    status(400, googleError('INVALID_ARGUMENT', 'API key not valid.', [{ reason: 'API_KEY_INVALID' }])),
    'upstream_auth',
  ],
  ['AWS’s refused signature', status(403, { message: 'x' }, aws('InvalidSignatureException')), 'upstream_auth'],
  [
    'a model that is gone',
    status(404, openAIError('The model `x` does not exist', 'invalid_request_error', 'model_not_found')),
    'upstream_model_gone',
  ],
  ['a server error', status(500, openAIError('oops', 'server_error')), 'upstream_error'],
  ['a bad gateway page', status(502, '<html><body>Bad gateway</body></html>'), 'upstream_error'],
  ['an overloaded host', status(503, 'no healthy upstream'), 'upstream_overloaded'],
  ['Anthropic’s overload', status(529, anthropicError('overloaded_error', 'Overloaded')), 'upstream_overloaded'],
  ['a gateway timeout', status(504, ''), 'upstream_timeout'],
  [
    'a long prompt',
    status(
      400,
      openAIError(
        "This model's maximum context length is 8192 tokens.",
        'invalid_request_error',
        'context_length_exceeded',
      ),
    ),
    'context_too_long',
  ],
  [
    'Anthropic’s long prompt',
    status(400, anthropicError('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum')),
    'context_too_long',
  ],
  ['a bad request', status(400, openAIError('temperature must be <= 2', 'invalid_request_error')), 'upstream_rejected'],
  [
    'an unprocessable request',
    status(422, { detail: [{ msg: 'field required', loc: ['body', 'messages'] }] }),
    'upstream_rejected',
  ],
  ['a redirect', status(307, '', { location: 'https://evil.example' }), 'upstream_malformed'],
  [
    'a refused connection',
    { kind: 'network', phase: 'connect', cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) },
    'upstream_unreachable',
  ],
  [
    'a reset before the answer',
    { kind: 'network', phase: 'headers', cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }) },
    'upstream_unreachable',
  ],
  [
    'a silent host',
    { kind: 'network', phase: 'headers', cause: Object.assign(new Error('x'), { code: 'UND_ERR_HEADERS_TIMEOUT' }) },
    'upstream_timeout',
  ],
  ['a reset within the answer', { kind: 'network', phase: 'body', cause: 'not even an error' }, 'truncated'],
];

const waits: readonly (readonly [string, StatusFailure, number | undefined])[] = [
  ['seconds', status(429, '', { 'retry-after': '107' }), 107_000],
  ['milliseconds', status(429, '', { 'retry-after-ms': '1500', 'retry-after': '2' }), 1500],
  ['an HTTP date', status(429, '', { 'retry-after': new Date(nowMs + 9000).toUTCString() }), 9000],
  ['a reset of OpenAI', status(429, '', { 'x-ratelimit-reset-tokens': '6m0s' }), 360_000],
  [
    'a reset of Anthropic',
    status(429, '', { 'anthropic-ratelimit-requests-reset': new Date(nowMs + 4000).toISOString() }),
    4000,
  ],
  [
    'RetryInfo of Google',
    status(
      429,
      googleError('RESOURCE_EXHAUSTED', 'x', [
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.4s' },
      ]),
    ),
    34_400,
  ],
  [
    'the words of the message',
    status(429, openAIError('Please try again in 1.5s.', 'tokens', 'rate_limit_exceeded')),
    1500,
  ],
  ['an overload, too', status(503, '', { 'retry-after': '3' }), 3000],
  ['nothing', status(429, ''), undefined],
];

/** Everything of a fault that could reach a log or a client. */
function everythingOf(fault: Fault): string {
  const { cause } = fault;
  return JSON.stringify({
    ...fault,
    message: fault.message,
    stack: fault.stack,
    cause: cause instanceof Error ? { ...cause, message: cause.message, stack: cause.stack } : cause,
  });
}

describe.each(cases)('a failure of %s', (id, definition) => {
  const provider = registry.getProvider(id);
  const endpoint = endpointOf(definition, modelsOf(definition)[0] ?? '');
  const classify = (failure: UpstreamFailure): Fault => {
    const fault = provider?.classify(failure, nowMs, endpoint);
    if (fault === undefined) throw new Error(`${id} is not registered`);
    return fault;
  };

  test('is put down to its cause', () => {
    for (const [name, failure, code] of expected) {
      expect(classify(failure).code, name).toBe(code);
    }
  });

  test('[scenario 33] says how long to wait, in whatever form the host says it', () => {
    for (const [name, failure, waitMs] of waits) {
      expect(classify(failure).retryAfterMs, name).toBe(waitMs);
    }
  });

  test('[scenario 37] never shows a credential, whatever the host quotes', () => {
    const quotes = [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
      'sk-other-1234567890abcd',
    ];
    const shown = `key ${quotes.join(' and ')}`;
    const failures: UpstreamFailure[] = [400, 401, 403, 404, 422, 429, 500].flatMap((code) => [
      status(code, openAIError(shown, shown, shown)),
      status(code, anthropicError('invalid_request_error', shown)),
      status(code, googleError('INVALID_ARGUMENT', shown, [{ [shown]: shown }])),
      status(code, { message: shown, __type: shown }),
      status(code, { detail: shown, nested: { [shown]: [shown] } }),
      status(code, shown),
    ]);
    failures.push({ kind: 'network', phase: 'connect', cause: Object.assign(new Error(shown), { code: shown }) });
    for (const failure of failures) {
      const text = everythingOf(classify(failure));
      for (const quote of quotes) expect(text).not.toContain(quote);
    }
  });

  test('[scenario 38] of the client’s making keeps the host’s words and body', () => {
    const body = openAIError('temperature must be <= 2', 'invalid_request_error');
    const fault = classify(status(400, body));
    expect(fault.message).toContain('temperature must be <= 2');
    expect(fault.upstreamBody).toEqual(body);
    expect(fault.upstreamStatus).toBe(400);
  });

  test('of the operator’s making tells the client nothing of it', () => {
    for (const code of [401, 402, 403, 404, 500]) {
      const fault = classify(status(code, openAIError('account acme-internal', 'x')));
      expect(fault.message).not.toContain('acme-internal');
      expect(fault.upstreamBody).toBeUndefined();
    }
  });

  test('with a huge or broken body gives a short safe message', () => {
    const huge = JSON.stringify(openAIError('x'.repeat(5_000_000), 'invalid_request_error'));
    for (const body of [
      huge,
      '<!doctype html><script>alert(1)</script>',
      '\u0000\ufffd',
      '[',
      'null',
      '"text"',
      '[[]]',
    ]) {
      for (const code of [400, 502]) {
        const fault = classify(status(code, body));
        expect(fault.message.length).toBeLessThan(2100);
        expect(fault.message).not.toContain('<script>');
      }
    }
  });
});
