import { describe, expect, it } from 'vitest';
import type { Completion } from '../../domain/calls/completion.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { anthropicMessagesInbound, foreignProofsInMessages } from '../anthropic-messages/index.ts';
import type { AnswerContext } from '../contract.ts';
import { foreignProofsInChat, openAIChatInbound } from '../openai-chat/index.ts';
import type { ForeignProofFinder } from './foreign-proofs.ts';

const context: AnswerContext = {
  requestId: 'req_1',
  model: 'm',
  createdAtS: 0,
  wantsUsage: true,
  framing: 'sse',
  request: {},
  newId: (prefix) => `${prefix}1`,
};

function completionOf(provenance: string): Completion {
  return {
    blocks: [
      { type: 'reasoning', text: 'hm', signature: 'sig', provenance },
      { type: 'tool-call', id: 'c', name: 'n', arguments: '{}', ...(provenance === 'gemini' && { signature: 't' }) },
    ],
    finish: { reason: 'tool-calls' },
  };
}

/** Is a body searched at all, and what would be taken out of it? */
function droppedOf(finder: ForeignProofFinder, body: JsonObject): readonly string[] {
  const text = JSON.stringify(body);
  return finder.marks.some((mark) => text.includes(mark)) ? finder.find(body, 'm').dropped : [];
}

describe('proofs of reasoning in requests that pass through', () => {
  const ask: JsonObject = { role: 'user', content: 'q' };

  it('[scenario 53] leave a chat request when another dialect issued them', () => {
    const turnOf = (provenance: string): JsonObject => {
      const { choices } = openAIChatInbound.encodeCompletion(completionOf(provenance), context);
      return (choices as unknown as { message: JsonObject }[])[0]?.message ?? {};
    };
    expect(droppedOf(foreignProofsInChat, { messages: [ask, turnOf('gemini')] })).toEqual([
      '/messages/1/reasoning_details',
      '/messages/1/tool_calls/0/extra_content',
    ]);
    expect(droppedOf(foreignProofsInChat, { messages: [ask, turnOf('openai-chat')] })).toEqual([]);
    const back = openAIChatInbound.parseCall({ model: 'm', messages: [ask, turnOf('anthropic-messages')] }, headOf());
    expect(back).toMatchObject({
      messages: [{}, { content: [{ signature: 'sig', provenance: 'anthropic-messages' }, {}] }],
    });
  });

  it('[scenario 53] leave a Messages request, with the thinking of a tool loop that can no longer prove it', () => {
    const turnOf = (provenance: string): JsonObject => ({
      role: 'assistant',
      content: anthropicMessagesInbound.encodeCompletion(completionOf(provenance), context)['content'] ?? [],
    });
    const answer: JsonObject = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: 'r' }] };
    const thinking = { type: 'enabled', budget_tokens: 1024 };
    const droppedIn = (...messages: JsonObject[]): readonly string[] =>
      droppedOf(foreignProofsInMessages, { messages, thinking });
    expect(droppedIn(ask, turnOf('openai-responses'), answer)).toEqual(['/messages/1/content/0', '/thinking']);
    expect(droppedIn(ask, turnOf('openai-responses'), answer, ask)).toEqual(['/messages/1/content/0']);
    expect(droppedIn(ask, turnOf('anthropic-messages'), answer)).toEqual([]);
    const unsigned: JsonObject = {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: '' },
        { type: 'text', text: 'x' },
      ],
    };
    expect(foreignProofsInMessages.find({ messages: [ask, unsigned, ask] }, 'claude-x').dropped).toEqual([
      '/messages/1/content/0',
    ]);
    expect(foreignProofsInMessages.find({ messages: [ask, unsigned, ask] }, 'other').dropped).toEqual([]);
    const onlyThought = { role: 'assistant', content: (turnOf('gemini')['content'] as JsonObject[]).slice(0, 1) };
    expect(droppedIn(ask, onlyThought, ask)).toEqual(['/messages/1']);
  });

  function headOf(): Parameters<typeof openAIChatInbound.parseCall>[1] {
    const head = openAIChatInbound.readHead({ model: 'm', messages: [ask] }, { operation: 'generate' });
    if (!('features' in head)) throw head;
    return head;
  }
});
