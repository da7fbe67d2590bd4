import { describe, expect, it } from 'vitest';
import type { Completion } from '../../domain/calls/completion.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { type Frame, schemaToolName, type StreamDecoder } from '../contract.ts';
import { unwrapSchemaCompletion, unwrapSchemaTool } from './unwrap-schema-tool.ts';

function unwrapped(parts: readonly StreamPart[], atEnd: readonly StreamPart[] = []): StreamPart[] {
  const frame = (held: readonly StreamPart[]): Frame => ({
    bytes: Buffer.from('x'),
    parts: held,
    terminal: false,
    usageOnly: false,
  });
  const decoder: StreamDecoder = {
    push: () => parts.map((part) => frame([part])),
    end: () => [frame(atEnd)],
    position: { sequenceNumber: 0, id: 'm', model: undefined, finished: false, terminated: false },
  };
  const wrapper = unwrapSchemaTool(decoder);
  expect(wrapper.position).toBe(decoder.position);
  return [...wrapper.push(Buffer.from('x')), ...wrapper.end()].flatMap((out) => out.parts);
}

const text = (index: number, value: string): StreamPart[] => [
  { type: 'text-start', index },
  { type: 'text-delta', index, text: value },
  { type: 'text-end', index },
];
const call = (index: number, name: string): StreamPart[] => [
  { type: 'tool-call-start', index, id: `t${index}`, name },
  { type: 'tool-call-delta', index, arguments: '{"a":' },
  { type: 'tool-call-delta', index, arguments: '1}' },
  { type: 'tool-call-end', index },
];
const done: StreamPart = { type: 'finish', reason: 'tool-calls' };

describe('[scenario 54] the hidden tool of structured output', () => {
  it('becomes the text of the answer, piece by piece, and nothing else does', () => {
    expect(unwrapped([{ type: 'start' }, ...text(0, 'Here you are:'), ...call(1, schemaToolName), done])).toEqual([
      { type: 'start' },
      { type: 'text-start', index: 0 },
      { type: 'text-delta', index: 0, text: '{"a":' },
      { type: 'text-delta', index: 0, text: '1}' },
      { type: 'text-end', index: 0 },
      { type: 'finish', reason: 'stop' },
    ]);
  });

  it('leaves calls of other tools, with the text before them, as they are', () => {
    const parts = [...text(0, 'Let me see.'), ...call(1, 'f'), done];
    expect(unwrapped(parts)).toEqual(parts);
  });

  it('keeps an answer that never called it, a refusal say', () => {
    const parts: StreamPart[] = [...text(0, 'I cannot.'), { type: 'finish', reason: 'refusal' }];
    expect(unwrapped(parts)).toEqual(parts);
  });

  it('releases held text when the stream is cut', () => {
    expect(unwrapped([{ type: 'text-start', index: 0 }], [{ type: 'text-end', index: 0 }])).toEqual([
      { type: 'text-start', index: 0 },
      { type: 'text-end', index: 0 },
    ]);
  });

  it('forgets a message that the host began anew', () => {
    expect(unwrapped([{ type: 'start', id: 'a' }, ...text(0, 'old'), { type: 'start', id: 'b' }, done])).toEqual([
      { type: 'start', id: 'a' },
      { type: 'start', id: 'b' },
      done,
    ]);
  });

  it('is unwrapped from whole answers too', () => {
    const completion: Completion = {
      blocks: [
        { type: 'text', text: 'Here:' },
        { type: 'tool-call', id: 't', name: schemaToolName, arguments: '{"a":1}' },
      ],
      finish: { reason: 'tool-calls' },
    };
    expect(unwrapSchemaCompletion(completion)).toEqual({
      blocks: [{ type: 'text', text: '{"a":1}' }],
      finish: { reason: 'stop' },
    });
    const fault = new Fault('upstream_error');
    expect(unwrapSchemaCompletion(fault)).toBe(fault);
    const plain: Completion = { blocks: [{ type: 'text', text: 'x' }], finish: { reason: 'stop' } };
    expect(unwrapSchemaCompletion(plain)).toBe(plain);
  });
});
