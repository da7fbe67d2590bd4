import { createContext, Script } from 'node:vm';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { SchemaQuestion, SchemaVerdict } from './schema-protocol.ts';

const maxSchemas = 500;
/** Everyone's answers wait behind each other's: compiling and checking may cost each only so much. */
const maxCompileMs = 1000;
const maxCheckMs = 500;
const maxReasonLength = 200;

/** Compiled schemas by their hash, the latest kept. Lives in a thread of its own: a hostile schema takes its time. */
export class CompiledSchemas {
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #limited = new LimitedWork();

  /** Checks a text against a schema. */
  judge({ schema, hash, text }: SchemaQuestion): SchemaVerdict {
    try {
      const validate = this.#compiled(schema, hash);
      const value = readJson(text);
      // Told to the model in these words.
      if (value === undefined) return { kind: 'unmet', problem: 'it is not valid JSON' };
      if (this.#limited.run(maxCheckMs, () => validate(value.json))) return { kind: 'fits' };
      const [error] = validate.errors ?? [];
      const problem = `${error?.instancePath || 'the answer'} ${error?.message ?? 'is not as required'}`;
      return { kind: 'unmet', problem };
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'it cannot be compiled';
      return { kind: 'unusable', problem: reason.slice(0, maxReasonLength) };
    }
  }

  #compiled(schema: string, hash: string): ValidateFunction {
    const known = this.#validators.get(hash);
    if (known) {
      this.#validators.delete(hash);
      this.#validators.set(hash, known);
      return known;
    }
    // Only the words of the schema itself count: it is fetched from nowhere and known under no name.
    const { $schema: _, $id: __, ...anonymous }: JsonObject = JSON.parse(schema);
    const validate = this.#limited.run(maxCompileMs, () => newCompiler().compile(anonymous));
    this.#validators.set(hash, validate);
    const [oldest] = this.#validators.keys();
    if (this.#validators.size > maxSchemas && oldest !== undefined) this.#validators.delete(oldest);
    return validate;
  }
}

function readJson(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** A compiler of its own for each schema: none can refer to another's. */
function newCompiler(): Ajv2020 {
  return new Ajv2020({ strict: false, validateSchema: false, validateFormats: false, meta: false, logger: false });
}

/** Ends work by the clock that would not end by itself: patterns that backtrack, references that multiply. */
class LimitedWork {
  readonly #script = new Script('work()');
  readonly #context = createContext({});

  run<Result>(timeoutMs: number, work: () => Result): Result {
    this.#context['work'] = work;
    return this.#script.runInContext(this.#context, { timeout: timeoutMs }) as Result;
  }
}
