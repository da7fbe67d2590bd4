import { createRequire } from 'node:module';
import type * as Ajv from 'ajv/dist/2020.js';
import { fail, type Grader, pass } from './grader.ts';

const maxSchemaLength = 64 * 1024;
const maxSchemas = 200;

/**
 * `{"schema": {…}}`: the answer is JSON that fits the schema; a code fence around it is overlooked. Fitting is
 * necessary and proves nothing about being right.
 */
export function createJsonSchemaGrader(): Grader {
  const compiled = new Map<string, Ajv.ValidateFunction>();
  const validatorOf = (schema: unknown): Ajv.ValidateFunction => {
    const text = JSON.stringify(schema);
    const known = compiled.get(text);
    if (known) return known;
    const { Ajv2020 } = loadAjv();
    const validate = new Ajv2020({ strict: false, validateFormats: false, logger: false }).compile(
      JSON.parse(text) as object,
    );
    const [oldest] = compiled.keys();
    if (compiled.size >= maxSchemas && oldest !== undefined) compiled.delete(oldest);
    compiled.set(text, validate);
    return validate;
  };
  return {
    name: 'schema',
    version: '1',
    refuses({ schema }) {
      if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
        return 'needs "schema": a JSON Schema';
      if (JSON.stringify(schema).length > maxSchemaLength)
        return `"schema" has more than ${maxSchemaLength} characters`;
      try {
        validatorOf(schema);
        return undefined;
      } catch (error) {
        return `"schema" cannot be used: ${error instanceof Error ? error.message : 'it does not compile'}`;
      }
    },
    grade({ text }, { schema }) {
      const read = readJson(unfenced(text));
      if (read === undefined) return fail('the answer is no JSON');
      const validate = validatorOf(schema);
      if (validate(read.json)) return pass('the answer fits the schema');
      return fail(
        ...(validate.errors ?? [])
          .slice(0, 3)
          .map(({ instancePath, message }) => `${instancePath || 'the answer'} ${message}`),
      );
    },
  };
}

/** Loaded with the first schema: starting is to stay fast. */
function loadAjv(): typeof Ajv {
  return createRequire(import.meta.url)('ajv/dist/2020.js') as typeof Ajv;
}

function unfenced(text: string): string {
  return /^\s*```[a-z]*\s*\n([\s\S]*?)\n?\s*```\s*$/i.exec(text)?.[1] ?? text;
}

function readJson(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) };
  } catch {
    // No JSON is a verdict, not a failure.
    return undefined;
  }
}
