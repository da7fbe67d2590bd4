import { describe, expect, it } from 'vitest';
import type { Completion } from '../../domain/calls/completion.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { AnswerContext } from '../contract.ts';
import { anthropicMessagesInbound } from './inbound.ts';
import { anthropicMessagesOutbound } from './outbound.ts';

const context: AnswerContext = {
  requestId: 'rq_1',
  model: 'asked-model',
  createdAtS: 1,
  wantsUsage: true,
  framing: 'sse',
  request: {},
  newId: (prefix) => `${prefix}new`,
};
const provenance = 'anthropic-messages';

describe('a whole Messages answer', () => {
  it('[scenario 3] survives writing and reading', () => {
    const completion: Completion = {
      id: 'msg_1',
      model: 'claude-x',
      blocks: [
        { type: 'reasoning', text: 'Hm', signature: 'c2ln', provenance },
        { type: 'reasoning', text: '', signature: 'bGF0ZXI=', provenance },
        { type: 'reasoning', text: '', redacted: 'ZGF0YQ==', provenance },
        { type: 'text', text: 'As A says.' },
        { type: 'source', url: 'https://a.test/', title: 'A', citedText: 'quote' },
        { type: 'tool-call', id: 't1', name: 'f', arguments: '{"x":1}' },
      ],
      finish: { reason: 'tool-calls' },
      usage: { source: 'provider', buckets: { input: 3, cacheRead: 2, cacheWrite5m: 0, cacheWrite1h: 5, output: 7 } },
    };
    expect(
      anthropicMessagesOutbound.decodeCompletion(anthropicMessagesInbound.encodeCompletion(completion, context)),
    ).toEqual(completion);
  });

  it('[scenario 50] keeps whole members of arguments that the output limit cut', () => {
    const body = anthropicMessagesInbound.encodeCompletion(
      {
        blocks: [{ type: 'tool-call', id: '', name: 'f', arguments: '{"a":[1,{"b":"c"}],"d":"cut he' }],
        finish: { reason: 'length' },
      },
      context,
    );
    expect(body).toMatchObject({
      id: 'msg_new',
      model: 'asked-model',
      content: [{ type: 'tool_use', id: 'toolu_new', name: 'f', input: { a: [1, { b: 'c' }] } }],
      stop_reason: 'max_tokens',
    });
  });

  it('leaves out empty text, which a client could not send back', () => {
    const body = anthropicMessagesInbound.encodeCompletion(
      { blocks: [{ type: 'text', text: '' }], finish: { reason: 'stop' } },
      context,
    );
    expect(body['content']).toEqual([]);
  });

  it('[scenario 9] reads a refusal as one', () => {
    expect(
      anthropicMessagesOutbound.decodeCompletion({ content: [], stop_reason: 'refusal', usage: { input_tokens: 1 } }),
    ).toEqual({ blocks: [], finish: { reason: 'refusal' }, usage: { source: 'provider', buckets: { input: 1 } } });
  });

  it('reads an error body as a fault, and nonsense as malformed', () => {
    const error = anthropicMessagesOutbound.decodeCompletion({
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded' },
    });
    expect(Fault.is(error) && error.code).toBe('upstream_overloaded');
    const nonsense = anthropicMessagesOutbound.decodeCompletion({ choices: [] });
    expect(Fault.is(nonsense) && nonsense.code).toBe('upstream_malformed');
  });
});
