import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import { scrubFault, scrubText, scrubValue } from './scrub-secrets.ts';

const secret = 'not-a-known-shape/+=42"\\';

describe('[scenario 74] scrubbing', () => {
  test('cuts the configured secret out, however it is escaped', () => {
    for (const form of [
      secret,
      JSON.stringify(secret),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ]) {
      expect(scrubText(`key ${form} is wrong`, [secret])).not.toContain(form);
    }
  });

  test('cuts credentials of known shapes out without knowing them', () => {
    const shapes = [
      'sk-proj-abcdefgh12345678',
      'sk-ant-api03-abcdefgh12345678',
      'sk-abc***********wxyz1234',
      'gsk_abcdefgh12345678',
      'AIzaSyA1234567890abcdefghij',
      'AKIAABCDEFGHIJKLMNOP',
      'hf_abcdefghijklmnop',
      'Bearer abc.def-ghi_jkl',
      'ya29.a0Af_secret-token',
      'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
      'github_pat_11ABCDEFG0123456789',
    ];
    for (const shape of shapes) {
      expect(scrubText(`Incorrect key: ${shape}.`, [])).not.toContain(shape.slice(4));
    }
  });

  test('leaves ordinary sentences alone', () => {
    const text = 'model gpt-4.1-mini-2025-04-14 of key-value store is risk-free; max_tokens must be 1';
    expect(scrubText(text, ['', 'abc'])).toBe(text);
  });

  test('reaches every string of a body', () => {
    const body = { error: { message: secret, list: [{ [secret]: [secret] }], n: 1, nothing: null } };
    expect(JSON.stringify(scrubValue(body, [secret]))).not.toContain('known-shape');
  });

  test('leaves no trace in anything a fault carries', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 4 }).filter((text) => !'[redacted] Error: upstream_rejected'.includes(text)),
        (value) => {
          const cause = Object.assign(new Error(`cause ${value}`), { code: 'ECONNRESET', neighbour: value });
          const fault = new Fault('upstream_rejected', {
            message: `<${value}>`,
            param: value,
            detail: `<${value}>`,
            upstreamBody: { [value]: [value] },
            upstreamStatus: 400,
            retryAfterMs: 5,
            cause,
          });
          const clean = scrubFault(fault, [value]);
          const { cause: cleanCause } = clean;
          expect(cleanCause).toMatchObject({ code: 'ECONNRESET' });
          for (const text of [
            clean.message,
            clean.param,
            clean.detail,
            cleanCause instanceof Error && cleanCause.message,
          ]) {
            expect(text).not.toContain(value);
          }
          expect(Object.keys(clean.upstreamBody as object)).not.toContain(value);
          expect(clean).toMatchObject({ code: 'upstream_rejected', upstreamStatus: 400, retryAfterMs: 5 });
        },
      ),
    );
  });
});
