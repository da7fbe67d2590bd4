import type { CascadeConfig } from '../../config/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { VerifierTests } from './verifier.ts';

/**
 * Tests that a request brings along as base64 of `{"language", "tests", "prelude"?}`, in the language of the job unless
 * it says otherwise; else those of the job; undefined without any.
 */
export function readTests(
  header: string | undefined,
  { language, tests }: Pick<CascadeConfig, 'language' | 'tests'>,
): VerifierTests | undefined | Fault {
  if (header === undefined) {
    return tests === undefined || language === undefined ? undefined : { language, tests, prelude: '' };
  }
  const given = parse(Buffer.from(header, 'base64').toString('utf8'));
  const { language: ownLanguage = language, tests: ownTests, prelude = '' } = given;
  if (typeof ownLanguage === 'string' && typeof ownTests === 'string' && typeof prelude === 'string') {
    return { language: ownLanguage, tests: ownTests, prelude };
  }
  return new Fault('invalid_request', {
    message: 'The header x-switchyard-tests must be base64 of {"language": "…", "tests": "…", "prelude": "…"}.',
    param: 'x-switchyard-tests',
  });
}

function parse(text: string): Partial<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    // Refused by who reads the fields.
    return {};
  }
}
