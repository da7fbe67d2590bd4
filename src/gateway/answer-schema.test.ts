import { describe, expect, it } from 'vitest';
import type { Completion } from '../domain/completion.ts';
import { Fault } from '../domain/fault.ts';
import type { Json, JsonObject, ModelCall } from '../domain/model-call.ts';
import { AnswerSchemas, SchemaCheck } from './answer-schema.ts';

const closed: JsonObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: { days: { type: 'integer' } },
  required: ['days'],
};

function callWith(schema: JsonObject): ModelCall {
  return {
    dialect: 'openai-chat',
    model: 'm',
    stream: false,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'q' }] }],
    tools: [],
    responseFormat: { type: 'json-schema', schema },
    sampling: {},
    pointers: { responseFormat: '/response_format' },
    rest: {},
  };
}

function answer(text: string, reason: Completion['finish']['reason'] = 'stop'): Completion {
  return { blocks: [{ type: 'text', text }], finish: { reason } };
}

describe('checking an answer against the schema that was asked for', () => {
  it('[scenario 54] lets a fitting answer pass and says what is wrong with another', () => {
    const check = new SchemaCheck(new AnswerSchemas());
    const call = callWith(closed);
    expect(check.callToSend(call)).toBe(call);
    expect(check.verify(call, answer('{"days":2}'))).toBeUndefined();
    expect(check.verify(call, answer('{"days":', 'length'))).toBeUndefined();
    expect(check.callToSend(call)).toBe(call);
    expect(check.verify(call, answer('{"days":"two"}'))).toMatchObject({
      code: 'schema_unmet',
      message: expect.stringContaining('/days must be integer'),
    });
    const repaired = check.callToSend(call) as ModelCall;
    expect(repaired.messages.slice(1)).toMatchObject([
      { role: 'assistant', content: [{ text: '{"days":"two"}' }] },
      { role: 'user', content: [{ text: expect.stringContaining('/days must be integer') }] },
    ]);
    expect(check.verify(call, answer('words'))).toMatchObject({ message: expect.stringContaining('not valid JSON') });
  });

  it('knows many schemas without keeping them all', () => {
    const schemas = new AnswerSchemas();
    for (let least = 0; least < 600; least++) {
      expect(schemas.problemOf({ type: 'number', minimum: least }, String(least))).toBeUndefined();
    }
    expect(schemas.problemOf({ type: 'number', minimum: 0 }, '-1')).toContain('>= 0');
  });
});

describe('a hostile schema', () => {
  const nested = (depth: number): JsonObject =>
    depth === 0 ? { type: 'string' } : { type: 'object', properties: { a: nested(depth - 1) } };
  const faultOf = (schema: JsonObject, text?: string): { fault: Fault | undefined; tookMs: number } => {
    const check = new SchemaCheck(new AnswerSchemas());
    const call = callWith(schema);
    const startedMs = performance.now();
    const sent = check.callToSend(call);
    const fault = Fault.is(sent) || text === undefined ? sent : check.verify(call, answer(text));
    return { fault: Fault.is(fault) ? fault : undefined, tookMs: performance.now() - startedMs };
  };

  it.each([
    ['deep', nested(60)],
    ['huge', { type: 'object', description: 'x'.repeat(300_000) }],
    ['wide', { enum: Array.from({ length: 100_000 }, (_, at): Json => at) }],
  ])('[scenario 55] that is %s is refused at once', (_name, schema) => {
    const { fault, tookMs } = faultOf(schema);
    expect(fault).toMatchObject({ code: 'invalid_request', param: '/response_format' });
    expect(tookMs).toBeLessThan(50);
  });

  const doubling: JsonObject = {
    $ref: '#/$defs/d0',
    $defs: Object.fromEntries(
      Array.from({ length: 40 }, (_, at): [string, Json] => [
        `d${at}`,
        at === 39 ? { type: 'object' } : { allOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] },
      ]),
    ),
  };

  it.each([
    [
      'backtracking pattern',
      { type: 'object', properties: { a: { pattern: '^(a+)+$' } } },
      `{"a":"${'a'.repeat(60)}!"}`,
    ],
    ['multiplying references', doubling, '{}'],
    ['a circle of references', { $ref: '#' }, '{}'],
    ['a reference to nowhere', { $ref: 'http://10.0.0.1/schema.json' }, '{}'],
  ])('[scenario 55] with %s does not hold up the others', (_name, schema: JsonObject, text) => {
    const { fault, tookMs } = faultOf(schema, text);
    expect(fault?.code).toBe('invalid_request');
    expect(tookMs).toBeLessThan(5000);
  });
});
