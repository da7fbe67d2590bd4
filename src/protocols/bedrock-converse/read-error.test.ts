import { describe, expect, it } from 'vitest';
import { readBedrockError } from './read-error.ts';

const codeOf = (status: number, type?: string, message = '') =>
  readBedrockError({ status, type, body: { message } }).code;

describe('errors of Bedrock', () => {
  it('classifies by the type in the header, whatever follows the colon', () => {
    expect(codeOf(429, 'ThrottlingException:http://internal.amazon.com/coral/')).toBe('upstream_rate_limited');
    expect(codeOf(429, 'ThrottlingException', 'Too many tokens per day, please wait')).toBe('upstream_quota');
    expect(codeOf(400, 'ServiceQuotaExceededException')).toBe('upstream_quota');
    expect(codeOf(429, 'ModelNotReadyException')).toBe('upstream_overloaded');
    expect(codeOf(408, 'ModelTimeoutException')).toBe('upstream_timeout');
    expect(codeOf(424, 'ModelErrorException')).toBe('upstream_error');
    expect(codeOf(403, 'AccessDeniedException')).toBe('upstream_auth');
    expect(codeOf(403, 'ExpiredTokenException')).toBe('upstream_auth');
    expect(codeOf(404, 'ResourceNotFoundException')).toBe('upstream_model_gone');
    expect(codeOf(400, 'ValidationException', 'The provided model identifier is invalid.')).toBe('upstream_model_gone');
    expect(codeOf(400, 'ValidationException', 'Input is too long for requested model.')).toBe('context_too_long');
    expect(codeOf(400, 'ValidationException', 'temperature must be at most 1')).toBe('upstream_rejected');
  });

  it('falls back to the type in the body, then to the HTTP status', () => {
    const body = { __type: 'com.amazon.coral.service#UnrecognizedClientException', Message: 'x' };
    expect(readBedrockError({ status: 400, type: undefined, body }).code).toBe('upstream_auth');
    expect([codeOf(429), codeOf(503), codeOf(500), codeOf(424), codeOf(401), codeOf(400), codeOf(0)]).toEqual([
      'upstream_rate_limited',
      'upstream_overloaded',
      'upstream_error',
      'upstream_error',
      'upstream_auth',
      'upstream_rejected',
      'upstream_error',
    ]);
    expect(readBedrockError({ status: 502, type: undefined, body: '<html>' }).code).toBe('upstream_error');
  });

  it('[scenario 38] keeps the words of a rejected request for the client', () => {
    const fault = readBedrockError({ status: 400, type: 'ValidationException', body: { message: 'bad value' } });
    expect([fault.message, fault.upstreamStatus]).toEqual(['bad value', 400]);
  });

  it('[scenario 37] never repeats access keys, nor tells clients about our credentials', () => {
    const key = `AKIA${'A'.repeat(16)}`;
    const fault = readBedrockError({
      status: 403,
      type: 'InvalidSignatureException',
      body: { message: `Credential=${key}/20260101 does not match x-amz-security-token:SECRET` },
    });
    expect(fault.message).not.toContain('Credential');
    expect(fault.detail).not.toMatch(/AKIA|SECRET/);
  });
});
