import { describe, expect, it } from 'vitest';
import { readGeminiError } from './read-error.ts';

function body(code: number, status: string, ...[message = '', details = []]: [string?, (readonly object[])?]): unknown {
  return { error: { code, status, message, details } };
}

const retryInfo = (retryDelay: unknown) => ({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay });
const quota = (quotaId: string) => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaId }],
});

describe('errors of Google APIs', () => {
  it('[scenario 33] waits exactly as long as RetryInfo says', () => {
    const waits = ['34.4s', '7s', '0.0005s', { seconds: 3, nanos: 250_000_000 }, { seconds: '2' }].map(
      (delay) => readGeminiError(429, body(429, 'RESOURCE_EXHAUSTED', '', [retryInfo(delay)])).retryAfterMs,
    );
    expect(waits).toEqual([34_400, 7000, 1, 3250, 2000]);
  });

  it('[scenario 36] tells an exhausted day from an exhausted minute', () => {
    const codeOf = (quotaId: string) =>
      readGeminiError(429, body(429, 'RESOURCE_EXHAUSTED', 'quota', [quota(quotaId), retryInfo('9s')])).code;
    expect(codeOf('GenerateRequestsPerMinutePerProjectPerModel-FreeTier')).toBe('upstream_rate_limited');
    expect(codeOf('GenerateRequestsPerDayPerProjectPerModel-FreeTier')).toBe('upstream_quota');
  });

  it('classifies by status word, else by HTTP status', () => {
    const cases: readonly (readonly [number, unknown, string])[] = [
      [400, body(400, 'INVALID_ARGUMENT', 'bad schema'), 'upstream_rejected'],
      [
        400,
        body(400, 'INVALID_ARGUMENT', 'The input token count (9) exceeds the maximum number of tokens allowed (5).'),
        'context_too_long',
      ],
      [400, body(400, 'INVALID_ARGUMENT', 'API key not valid.', [{ reason: 'API_KEY_INVALID' }]), 'upstream_auth'],
      [400, body(400, 'FAILED_PRECONDITION', 'Please enable billing'), 'upstream_quota'],
      [401, body(401, 'UNAUTHENTICATED', ''), 'upstream_auth'],
      [403, body(403, 'PERMISSION_DENIED', 'denied'), 'upstream_auth'],
      [403, body(403, 'PERMISSION_DENIED', 'You do not have permission to access the File abc'), 'upstream_rejected'],
      [404, body(404, 'NOT_FOUND', 'models/x is not found for API version v1beta'), 'upstream_model_gone'],
      [500, body(500, 'INTERNAL', ''), 'upstream_error'],
      [503, body(503, 'UNAVAILABLE', 'The model is overloaded.'), 'upstream_overloaded'],
      [504, body(504, 'DEADLINE_EXCEEDED', ''), 'upstream_timeout'],
      [429, [body(429, 'RESOURCE_EXHAUSTED', '')], 'upstream_rate_limited'],
      [502, '<html>', 'upstream_error'],
      [403, undefined, 'upstream_auth'],
    ];
    for (const [status, value, code] of cases)
      expect([value, readGeminiError(status, value).code]).toEqual([value, code]);
  });

  it('[scenario 38] keeps the words of a rejected request for the client', () => {
    const fault = readGeminiError(400, body(400, 'INVALID_ARGUMENT', 'topK must be positive'));
    expect(fault.message).toBe('topK must be positive');
    expect(fault.upstreamBody).toMatchObject({ error: { status: 'INVALID_ARGUMENT' } });
  });

  it('[scenario 37] never repeats a key, nor tells clients about our credentials', () => {
    const key = `AIza${'x'.repeat(35)}`;
    const fault = readGeminiError(403, body(403, 'PERMISSION_DENIED', `Consumer 'api_key:${key}' has been suspended.`));
    expect(fault.message).not.toContain('Consumer');
    expect(JSON.stringify([fault.detail, fault.upstreamBody])).not.toContain(key);
  });
});
