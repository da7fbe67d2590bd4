import { describe, expect, it } from 'vitest';
import type { ModelCall } from '../domain/calls/model-call.ts';
import { type AnswerContext, openAIChatInbound } from '../protocols/index.ts';
import { CallSignatures } from './call-signatures.ts';

const context: AnswerContext = {
  requestId: 'req_1',
  model: 'm',
  createdAtS: 0,
  wantsUsage: false,
  framing: 'sse',
  request: {},
  newId: (prefix) => `${prefix}1`,
};

function turnTwo(id: string): ModelCall {
  return {
    dialect: 'openai-chat',
    model: 'm',
    stream: false,
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'q' }] },
      { role: 'assistant', content: [{ type: 'tool-call', id, name: 'n', arguments: '{}' }] },
    ],
    tools: [],
    sampling: {},
    pointers: {},
    rest: {},
  };
}

describe('signatures of tool calls', () => {
  it('[scenario 52] come back to the customer who got them, and to nobody else', () => {
    const memory = new CallSignatures();
    const encoder = memory.watch('acme', openAIChatInbound).openEncoder(context);
    encoder.push({ type: 'tool-call-start', index: 0, id: 'call_1', name: 'n' });
    encoder.push({ type: 'tool-call-end', index: 0, signature: 'streamed' });
    memory.watch('acme', openAIChatInbound).encodeCompletion(
      {
        blocks: [{ type: 'tool-call', id: 'call_2', name: 'n', arguments: '{}', signature: 'whole' }],
        finish: { reason: 'tool-calls' },
      },
      context,
    );
    const signatureOf = (customer: string, id: string): unknown =>
      memory.restore(customer, turnTwo(id)).messages[1]?.content[0];
    expect(signatureOf('acme', 'call_1')).toMatchObject({ signature: 'streamed' });
    expect(signatureOf('acme', 'call_2')).toMatchObject({ signature: 'whole' });
    expect(signatureOf('other', 'call_1')).not.toHaveProperty('signature');
    const unknown = turnTwo('call_3');
    expect(memory.restore('acme', unknown)).toBe(unknown);
  });

  it('are forgotten oldest first', () => {
    const memory = new CallSignatures();
    const inbound = memory.watch('acme', openAIChatInbound);
    for (let at = 0; at < 20_001; at++) {
      const encoder = inbound.openEncoder(context);
      encoder.push({ type: 'tool-call-start', index: 0, id: `call_${at}`, name: 'n' });
      encoder.push({ type: 'tool-call-end', index: 0, signature: 's' });
    }
    expect(memory.restore('acme', turnTwo('call_0')).messages[1]?.content[0]).not.toHaveProperty('signature');
    expect(memory.restore('acme', turnTwo('call_20000')).messages[1]?.content[0]).toHaveProperty('signature', 's');
  });
});
