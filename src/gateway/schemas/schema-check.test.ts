import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Completion } from '../../domain/calls/completion.ts';
import type { Json, JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import { systemClock } from '../../platform/clock.ts';
import { createTimerWheel, type TimerWheel } from '../../platform/timer-wheel.ts';
import { AnswerSchemas } from './answer-schemas.ts';
import { CompiledSchemas } from './compiled-schemas.ts';
import { SchemaCheck } from './schema-check.ts';

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

let wheel: TimerWheel;
let schemas: AnswerSchemas;
beforeEach(() => {
  wheel = createTimerWheel(systemClock);
  schemas = new AnswerSchemas(wheel);
});
afterEach(async () => {
  await schemas.close();
  expect(wheel.size).toBe(0);
  wheel.close();
});

describe('checking an answer against the schema that was asked for', () => {
  it('[scenario 54] lets a fitting answer pass and says what is wrong with another', async () => {
    const check = new SchemaCheck(schemas);
    const call = callWith(closed);
    expect(check.callToSend(call)).toBe(call);
    expect(await check.verify(call, answer('{"days":2}'))).toBeUndefined();
    expect(await check.verify(call, answer('{"days":', 'length'))).toBeUndefined();
    expect(check.callToSend(call)).toBe(call);
    expect(await check.verify(call, answer('{"days":"two"}'))).toMatchObject({
      code: 'schema_unmet',
      message: expect.stringContaining('/days must be integer'),
    });
    const repaired = check.callToSend(call) as ModelCall;
    expect(repaired.messages.slice(1)).toMatchObject([
      { role: 'assistant', content: [{ text: '{"days":"two"}' }] },
      { role: 'user', content: [{ text: expect.stringContaining('/days must be integer') }] },
    ]);
    expect(await check.verify(call, answer('words'))).toMatchObject({
      message: expect.stringContaining('not valid JSON'),
    });
  });

  it('knows many schemas without keeping them all', () => {
    const compiled = new CompiledSchemas();
    const judge = (minimum: number, text: string): unknown =>
      compiled.judge({ schema: JSON.stringify({ type: 'number', minimum }), hash: String(minimum), text });
    for (let least = 0; least < 600; least++) expect(judge(least, String(least))).toEqual({ kind: 'fits' });
    expect(judge(0, '-1')).toEqual({ kind: 'unmet', problem: expect.stringContaining('>= 0') });
  });
});

describe('a hostile schema', () => {
  const nested = (depth: number): JsonObject =>
    depth === 0 ? { type: 'string' } : { type: 'object', properties: { a: nested(depth - 1) } };
  it.each([
    ['deep', nested(60)],
    ['huge', { type: 'object', description: 'x'.repeat(300_000) }],
    ['wide', { enum: Array.from({ length: 100_000 }, (_, at): Json => at) }],
  ])('[scenario 55] that is %s is refused at once', (_name, schema) => {
    let fastestMs = Number.POSITIVE_INFINITY;
    // The fastest of a few: another process on the machine is not what is measured.
    for (let run = 0; run < 5; run += 1) {
      const startedMs = performance.now();
      const sent = new SchemaCheck(schemas).callToSend(callWith(schema));
      fastestMs = Math.min(fastestMs, performance.now() - startedMs);
      expect(sent).toMatchObject({ code: 'invalid_request', param: '/response_format' });
    }
    expect(fastestMs).toBeLessThan(50);
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
  ])(
    '[scenario 55] with %s is refused, and the event loop never waits for it',
    async (_name, schema: JsonObject, text) => {
      const check = new SchemaCheck(schemas);
      // The thread is up: what is measured is the check alone.
      await check.verify(callWith(closed), answer('{"days":2}'));
      const before = performance.eventLoopUtilization();
      const fault = await check.verify(callWith(schema), answer(text));
      const { active } = performance.eventLoopUtilization(before);
      expect(fault).toMatchObject({ code: 'invalid_request', param: '/response_format' });
      expect(active).toBeLessThan(200);
      // Others are checked as before.
      expect(await check.verify(callWith(closed), answer('{"days":2}'))).toBeUndefined();
    },
  );
});
