import type { Completion } from '../../domain/calls/completion.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject, Message, ModelCall } from '../../domain/calls/model-call.ts';
import type { AnswerSchemas } from './answer-schemas.ts';

const maxSchemaLength = 256 * 1024;
const maxSchemaDepth = 64;
const maxQuoted = 8_000;

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
  async verify(call: ModelCall, completion: Completion): Promise<Fault | undefined> {
    const { responseFormat: format } = call;
    const { reason } = completion.finish;
    if (format?.type !== 'json-schema' || (reason !== 'stop' && reason !== 'stop-sequence')) return undefined;
    const text = completion.blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
    const verdict = await this.#schemas.judge(format.schema, text);
    if (Fault.is(verdict)) return verdict;
    if (verdict.kind === 'fits') return undefined;
    const { problem } = verdict;
    if (verdict.kind === 'unusable') {
      return unusable(`The JSON Schema cannot be used: ${problem}`, call.pointers['responseFormat']);
    }
    this.#repair ??= { original: call, repaired: withProblem(call, text, problem) };
    return new Fault('schema_unmet', {
      message: `The answer does not satisfy the requested JSON Schema: ${problem}.`,
    });
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
