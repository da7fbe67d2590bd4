import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { replayInput, responseOfTerminalEvent, storedResponseOf, type StoredResponse } from './index.ts';
import { foreignProofsInResponses, sealReasoningProof } from './reasoning-envelope.ts';

const sealed = sealReasoningProof({ signature: 's', provenance: 'anthropic-messages' });

const firstOutput: JsonObject[] = [
  { id: 'rs_0', type: 'reasoning', status: 'completed', summary: [] },
  { id: 'rs_1', type: 'reasoning', status: 'completed', summary: [], encrypted_content: sealed },
  {
    id: 'msg_1',
    type: 'message',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text: 'Hello', annotations: [], logprobs: [] }],
  },
  { id: 'fc_1', type: 'function_call', status: 'completed', call_id: 'c', name: 'f', arguments: '{}' },
];

function stored(request: JsonObject, response: JsonObject): StoredResponse {
  const record = storedResponseOf(request, { status: 'completed', model: 'm', created_at: 1, ...response });
  if (record === undefined) throw new Error('not stored');
  return record;
}

const first = stored({ input: 'Hi' }, { id: 'resp_1', output: firstOutput });
const second = stored(
  { previous_response_id: 'resp_1', input: [{ type: 'function_call_output', call_id: 'c', output: 'r' }] },
  { id: 'resp_2', output: [{ id: 'msg_2', type: 'message', role: 'assistant', content: [] }] },
);

describe('replayInput', () => {
  it('says the whole conversation again, without ids that only the first host knows', () => {
    const request = { model: 'm', previous_response_id: 'resp_2', input: 'more', temperature: 1 };
    expect(replayInput([first, second], request)).toEqual({
      model: 'm',
      temperature: 1,
      input: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
        { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: sealed },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello', annotations: [] }] },
        { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c', output: 'r' },
        { type: 'message', role: 'assistant', content: [] },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'more' }] },
      ],
    });
  });

  it('puts a referenced item in the place of its reference', () => {
    const request = { previous_response_id: 'resp_1', input: [{ type: 'item_reference', id: 'fc_1' }] };
    const body = replayInput([first], request);
    if (Fault.is(body)) throw body;
    expect((body['input'] as JsonObject[]).at(-1)).toEqual({
      type: 'function_call',
      call_id: 'c',
      name: 'f',
      arguments: '{}',
    });
  });

  it('refuses a chain that does not end in the response asked for [scenario 12]', () => {
    expect(replayInput([first], { previous_response_id: 'resp_9' })).toMatchObject({ code: 'response_unknown' });
    expect(replayInput([], { previous_response_id: 'resp_1' })).toMatchObject({ code: 'response_unknown' });
  });
});

describe('storedResponseOf', () => {
  it('remembers what the response continued', () => {
    expect(second.previousResponseId).toBe('resp_1');
  });

  it('stores neither what the client forbade nor what failed', () => {
    expect(storedResponseOf({ store: false }, { id: 'resp_1', output: [] })).toBeUndefined();
    expect(storedResponseOf({}, { id: 'resp_1', output: [], status: 'failed' })).toBeUndefined();
  });
});

describe('responseOfTerminalEvent', () => {
  it('finds the response in the bytes of the event', () => {
    const event = 'event: response.completed\ndata: {"type":"response.completed","response":{"id":"resp_1"}}\n\n';
    expect(responseOfTerminalEvent(Buffer.from(event))).toEqual({ id: 'resp_1' });
    expect(responseOfTerminalEvent(Buffer.from('data: [DONE]\n\n'))).toBeUndefined();
  });
});

describe('foreignProofsInResponses', () => {
  it('takes out reasoning sealed for another dialect and leaves everything else [scenario 53]', () => {
    const own = { type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: 'gAAA' };
    const foreign = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: sealed };
    const said = { role: 'user', content: 'a' };
    const call = { type: 'function_call', call_id: 'c', name: 'n', arguments: '{}', extra_content: { google: {} } };
    const body = { input: [said, foreign, own, call] };
    expect(foreignProofsInResponses.find(body, 'gpt').dropped).toEqual(['/input/1', '/input/3/extra_content']);
    expect(foreignProofsInResponses.marks.some((mark) => JSON.stringify(body).includes(mark))).toBe(true);
    expect(foreignProofsInResponses.find({ input: [said, own] }, 'gpt').edits).toEqual([]);
  });
});
