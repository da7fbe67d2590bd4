import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { decodeCompletion, readByParts } from './decode-completion.ts';
import { readPlainAnswer } from './read-plain-answer.ts';

const units = fc.oneof(fc.nat(100_000), fc.constant(null), fc.constant('many'));
const absent = fc.oneof(fc.constant(null), fc.constant([]));
/** Mostly the first: answers with one oddity at a time are the ones that could be read wrongly. */
const mostly = <Usual, Odd>(usual: fc.Arbitrary<Usual>, odd: fc.Arbitrary<Odd>): fc.Arbitrary<Usual | Odd> =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd });
const something = fc.oneof(fc.constant('text'), fc.constant([{ type: 'x', text: 'y' }]), fc.constant({ data: 'z' }));

const message = fc.record(
  {
    role: fc.constant('assistant'),
    content: mostly(fc.string({ minLength: 1 }), fc.oneof(absent, something, fc.constant(''))),
    refusal: mostly(absent, fc.constant('no')),
    tool_calls: fc.oneof(
      absent,
      fc.constant([{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }]),
    ),
    reasoning_content: mostly(absent, something),
    annotations: mostly(absent, fc.constant([{ url_citation: { url: 'https://a.example/' } }])),
    audio: mostly(absent, something),
  },
  { requiredKeys: ['role', 'content'] },
);

const usage = fc.record(
  {
    prompt_tokens: units,
    completion_tokens: units,
    prompt_tokens_details: fc.oneof(fc.constant(null), fc.record({ cached_tokens: units, audio_tokens: units })),
    completion_tokens_details: fc.oneof(fc.constant(null), fc.record({ reasoning_tokens: units })),
  },
  { requiredKeys: [] },
);

const choice = fc.record(
  {
    index: mostly(fc.constant(0), fc.constantFrom(1, null)),
    message,
    finish_reason: mostly(
      fc.constantFrom('stop', 'length'),
      fc.constantFrom('tool_calls', 'content_filter', 'odd', '', null),
    ),
    text: fc.string(),
    error: fc.constant(null),
  },
  { requiredKeys: ['message', 'finish_reason'] },
);

const answer = fc.record(
  {
    id: fc.oneof(fc.string(), fc.constant(null)),
    model: fc.oneof(fc.string(), fc.constant(7)),
    created: fc.oneof(fc.nat(), fc.constant(-1), fc.constant('now')),
    choices: mostly(fc.tuple(choice), fc.array(choice, { minLength: 1, maxLength: 2 })),
    usage: mostly(usage, fc.constant(null)),
    service_tier: fc.constantFrom('default', '', null),
    citations: fc.constantFrom([], ['https://b.example/']),
    x_host: fc.record({ usage }),
  },
  { requiredKeys: ['choices', 'usage'] },
);

describe('the short way through a plain answer', () => {
  it('reads exactly what reading by parts reads, or leaves the answer to it', () => {
    let short = 0;
    fc.assert(
      fc.property(answer, (body) => {
        const plain = readPlainAnswer(body as JsonObject);
        if (plain === undefined) return;
        short++;
        expect(plain).toEqual(readByParts(body as JsonObject));
      }),
      { numRuns: 3000 },
    );
    expect(short).toBeGreaterThan(3);
  });

  it('is taken by the answer that most hosts give', () => {
    const body: JsonObject = {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'm',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello', refusal: null, annotations: [] },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 },
    };
    expect(readPlainAnswer(body)).toEqual(readByParts(body));
    expect(readPlainAnswer(body)).toBeDefined();
    expect(decodeCompletion(body)).toEqual(readByParts(body));
  });
});
