import { createHash } from 'node:crypto';
import { createContext, Script } from 'node:vm';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Completion } from '../domain/completion.ts';
import { Fault } from '../domain/fault.ts';
import type { Json, JsonObject, Message, ModelCall } from '../domain/model-call.ts';

const maxSchemas = 500;
const maxSchemaLength = 256 * 1024;
const maxSchemaDepth = 64;
/** Schemas are the clients': compiling and checking them may cost only so much of everybody's time. */
const maxCompileMs = 1000;
const maxCheckMs = 500;
const maxQuoted = 8_000;

/** Compiled schemas by their hash, the latest kept. */
export class AnswerSchemas {
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #limited = new LimitedWork();

  /** Checks text against a schema: the problem in words, undefined when it fits. Throws a Fault for a bad schema. */
  problemOf(schema: JsonObject, text: string): string | undefined {
    const validate = this.#compiled(schema);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // Told to the model in these words.
      return 'it is not valid JSON';
    }
    const isValid = this.#limited.run(maxCheckMs, () => validate(value));
    if (isValid) return undefined;
    const [error] = validate.errors ?? [];
    return `${error?.instancePath || 'the answer'} ${error?.message ?? 'is not as required'}`;
  }

  #compiled(schema: JsonObject): ValidateFunction {
    const text = JSON.stringify(schema);
    const hash = createHash('sha256').update(text).digest('base64');
    const known = this.#validators.get(hash);
    if (known) {
      this.#validators.delete(hash);
      this.#validators.set(hash, known);
      return known;
    }
    // Only the words of the schema itself count: it is fetched from nowhere and known under no name.
    const { $schema: _, $id: __, ...anonymous } = schema;
    const validate = this.#limited.run(maxCompileMs, () => newCompiler().compile(anonymous));
    this.#validators.set(hash, validate);
    const [oldest] = this.#validators.keys();
    if (this.#validators.size > maxSchemas && oldest !== undefined) this.#validators.delete(oldest);
    return validate;
  }
}

/** One exchange's demand on the form of its answer: check, one repair, then no more. */
export class SchemaCheck {
  readonly #schemas: AnswerSchemas;
  #repair: { readonly original: ModelCall; readonly repaired: ModelCall } | undefined;

  constructor(schemas: AnswerSchemas) {
    this.#schemas = schemas;
  }

  /** The call to send: the client's, or after an unfit answer one that says what was wrong with it. */
  callToSend(call: ModelCall): ModelCall | Fault {
    const { responseFormat: format } = call;
    if (format?.type !== 'json-schema') return call;
    if (this.#repair?.original === call) return this.#repair.repaired;
    const param = call.pointers['responseFormat'];
    return hostileSchema(format.schema, param) ?? call;
  }

  /** `schema_unmet` for an answer that was to fit a schema and does not. */
  verify(call: ModelCall, completion: Completion): Fault | undefined {
    const { responseFormat: format } = call;
    const { reason } = completion.finish;
    if (format?.type !== 'json-schema' || (reason !== 'stop' && reason !== 'stop-sequence')) return undefined;
    const text = completion.blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
    try {
      const problem = this.#schemas.problemOf(format.schema, text);
      if (problem === undefined) return undefined;
      this.#repair ??= { original: call, repaired: withProblem(call, text, problem) };
      return new Fault('schema_unmet', {
        message: `The answer does not satisfy the requested JSON Schema: ${problem}.`,
      });
    } catch (error) {
      const reasonGiven = error instanceof Error ? error.message.slice(0, 200) : 'it cannot be compiled';
      return unusable(`The JSON Schema cannot be used: ${reasonGiven}`, call.pointers['responseFormat']);
    }
  }
}

function withProblem(call: ModelCall, text: string, problem: string): ModelCall {
  const said: Message = {
    role: 'assistant',
    content: [{ type: 'text', text: text.slice(0, maxQuoted) || '(nothing)' }],
  };
  const request = `This answer does not satisfy the required JSON Schema: ${problem}. Give the whole answer again, corrected.`;
  return { ...call, messages: [...call.messages, said, { role: 'user', content: [{ type: 'text', text: request }] }] };
}

/** Size and depth are looked at before anything recursive is done with a schema. */
function hostileSchema(schema: JsonObject, param: string | undefined): Fault | undefined {
  const open: { readonly value: JsonObject | readonly Json[]; readonly depth: number }[] = [
    { value: schema, depth: 1 },
  ];
  let length = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (depth > maxSchemaDepth) {
      return unusable(`The JSON Schema is nested deeper than ${maxSchemaDepth} levels.`, param);
    }
    const members = Array.isArray(value) ? (value as readonly Json[]) : Object.values(value);
    // Keys, quotes and commas are not counted one by one: each member stands for a few characters.
    length += members.length * 4;
    for (const member of length > maxSchemaLength ? [] : members) {
      if (typeof member === 'string') length += member.length;
      else if (typeof member === 'object' && member !== null) open.push({ value: member, depth: depth + 1 });
    }
    if (length > maxSchemaLength) {
      return unusable(`The JSON Schema is larger than ${maxSchemaLength} characters.`, param);
    }
  }
  return undefined;
}

function unusable(message: string, param: string | undefined): Fault {
  return new Fault('invalid_request', { message, ...(param !== undefined && { param }) });
}

/** A compiler of its own for each schema: none can refer to another's. */
function newCompiler(): Ajv2020 {
  return new Ajv2020({ strict: false, validateSchema: false, validateFormats: false, meta: false, logger: false });
}

/** Runs work that nothing else can interrupt: patterns that backtrack, references that multiply. */
class LimitedWork {
  readonly #script = new Script('work()');
  readonly #context = createContext({});

  run<Result>(timeoutMs: number, work: () => Result): Result {
    this.#context['work'] = work;
    return this.#script.runInContext(this.#context, { timeout: timeoutMs }) as Result;
  }
}
