import { Fault } from '../../domain/faults/fault.ts';
import type { AnswerSchemas } from '../schemas/answer-schemas.ts';
import type { Verifier } from './verifier.ts';

/**
 * Passes answers that fit the JSON Schema of their request. Schemas are clients' making, so they are judged where all
 * of them are: beside the requests, within a time.
 */
export function createSchemaVerifier(schemas: Pick<AnswerSchemas, 'judge'>): Verifier {
  return {
    kind: 'schema',
    version: '1',
    refuses: ({ schema }) => (schema === undefined ? 'the request demands no JSON Schema of its answer' : undefined),
    async verify({ text }, { schema }) {
      const verdict = schema && (await schemas.judge(schema, text));
      if (!verdict || Fault.is(verdict)) return { verdict: 'unknown', reason: 'the schema could not be judged by' };
      if (verdict.kind === 'fits') return { verdict: 'pass', reason: 'the answer fits the schema' };
      return { verdict: verdict.kind === 'unusable' ? 'unknown' : 'fail', reason: verdict.problem };
    },
  };
}
