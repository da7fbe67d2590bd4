import { describe, expect, it } from 'vitest';
import type { Completion } from '../../src/domain/calls/completion.ts';
import { Fault } from '../../src/domain/faults/fault.ts';
import type { JsonObject } from '../../src/domain/calls/model-call.ts';
import { isContent, type StreamPart } from '../../src/domain/calls/stream-part.ts';
import {
  type AnswerContext,
  collectCompletion,
  type Frame,
  openAIResponsesInbound as inbound,
  openAIResponsesOutbound as outbound,
} from '../../src/protocols/index.ts';
import { type Recording, recordedBodies, recordedStreams } from './responses-recordings.ts';

const streams = recordedStreams();
const failing = 'openai/openai-error.1';
/** Shortened or retouched by their authors: pieces and terminal response differ. */
const retouched = new Set(['openai/openai-phase.1', 'openai/openai-shell-container.1']);
/** Streams of one answer that came to its end. */
const whole = streams.filter(
  ({ name, events }) => name !== failing && events.filter(({ type }) => type === 'response.created').length === 1,
);

function contextOf(): AnswerContext {
  let ids = 0;
  return {
    requestId: 'req_1',
    model: 'small',
    createdAtS: 7,
    wantsUsage: true,
    framing: 'sse',
    request: {},
    newId: (prefix) => `${prefix}_${++ids}`,
  };
}

function decode(bytes: Buffer, size = bytes.length): Frame[] {
  const decoder = outbound.openDecoder();
  const frames: Frame[] = [];
  for (let from = 0; from < bytes.length; from += size) {
    frames.push(...decoder.push(Buffer.from(bytes.subarray(from, from + size))));
  }
  return [...frames, ...decoder.end()];
}

function partsOf(frames: readonly Frame[]): StreamPart[] {
  return frames.flatMap((frame) => frame.parts);
}

/** Parts with the pieces of one block joined. */
function meaningOf(recording: Recording): Completion | Fault {
  return collectCompletion(partsOf(decode(Buffer.from(recording.text))));
}

function terminalResponse(recording: Recording): JsonObject {
  return (recording.events.at(-1)?.['response'] ?? {}) as JsonObject;
}

describe.each(streams)('recorded stream $name', (recording) => {
  const bytes = Buffer.from(recording.text);

  it('keeps its bytes, at any split [scenario 1] [scenario 2]', () => {
    const wanted = partsOf(decode(bytes));
    for (const size of [1, 7, 1021]) {
      const frames = decode(bytes, size);
      expect(Buffer.concat(frames.map((frame) => frame.bytes)).equals(bytes)).toBe(true);
      expect(partsOf(frames)).toEqual(wanted);
    }
    const crlf = partsOf(decode(Buffer.from(recording.text.replaceAll('\n', '\r\n'))));
    expect(crlf).toEqual(wanted);
    expect(partsOf(decode(Buffer.from(recording.text.trimEnd())))).toEqual(wanted);
  });

  it('is malformed nowhere and opens and closes each block once', () => {
    const parts = partsOf(decode(bytes));
    const faults = parts.flatMap((part) => (part.type === 'error' ? [part.fault.code] : []));
    expect(faults).toEqual(recording.name === failing ? ['upstream_quota'] : []);
    for (const kind of ['text', 'reasoning', 'tool-call']) {
      const starts = parts.filter((part) => part.type === `${kind}-start`).map((part) => 'index' in part && part.index);
      const ends = parts.filter((part) => part.type === `${kind}-end`).map((part) => 'index' in part && part.index);
      expect(new Set(starts).size).toBe(starts.length);
      expect(ends.toSorted()).toEqual(starts.toSorted());
    }
  });

  it('is unfinished wherever it is cut before its terminal event [scenario 15]', () => {
    const cut = recording.text.lastIndexOf('event: ');
    const decoder = outbound.openDecoder();
    const parts = partsOf([...decoder.push(Buffer.from(recording.text.slice(0, cut))), ...decoder.end()]);
    const last = parts.findLastIndex((part) => part.type === 'start');
    expect(parts.slice(last).some((part) => part.type === 'finish')).toBe(false);
    expect(decoder.position.finished).toBe(false);
  });
});

describe.each(whole)('recorded answer $name', (recording) => {
  const bytes = Buffer.from(recording.text);

  it('says while streaming what its terminal response says', () => {
    const streamed = meaningOf(recording);
    if (Fault.is(streamed)) throw streamed;
    const told = outbound.decodeCompletion(terminalResponse(recording));
    // Some recordings were shortened by their authors: their terminal response lists no output.
    const output = terminalResponse(recording)['output'];
    if (!Array.isArray(output) || output.length === 0) return;
    if (Fault.is(told)) throw told;
    expect(streamed.usage).toEqual(told.usage);
    expect(streamed.finish).toEqual(told.finish);
    expect(sourcesOf(streamed)).toEqual(sourcesOf(told));
    if (!retouched.has(recording.name)) expect(textsOf(streamed)).toEqual(textsOf(told));
  });

  it('survives being written again by us [scenario 7]', () => {
    const completion = meaningOf(recording);
    if (Fault.is(completion)) throw completion;
    const encoder = inbound.openEncoder(contextOf());
    const text =
      partsOf(decode(bytes))
        .map((part) => encoder.push(part))
        .join('') + encoder.end();
    const numbers = [...text.matchAll(/"sequence_number":(\d+)/g)].map((match) => Number(match[1]));
    expect(numbers).toEqual(numbers.map((_, at) => at));
    expect(text).not.toContain('[DONE]');
    const again = collectCompletion(partsOf(decode(Buffer.from(text))));
    if (Fault.is(again)) throw again;
    expect(textsOf(again)).toEqual(textsOf(completion));
    // Calls that the host itself executed end no turn, but are written as calls.
    const hosted = completion.finish.reason === 'stop' && completion.blocks.some(({ type }) => type === 'tool-call');
    if (!hosted) expect(again.finish).toEqual(completion.finish);
    expect(again.usage?.buckets).toMatchObject(withoutRequests(completion));
  });
});

describe('recorded failure after 200', () => {
  it('shows no content before its error [scenario 13] [scenario 14]', () => {
    const recording = streams.find(({ name }) => name === failing);
    const parts = partsOf(decode(Buffer.from(recording?.text ?? '')));
    expect(parts.some(isContent)).toBe(false);
    expect(parts.at(-1)).toMatchObject({ type: 'error', fault: { code: 'upstream_quota' } });
  });
});

describe.each(recordedBodies())('recorded body $name', ({ name, body }) => {
  it('is read as an answer or as a fault', () => {
    const completion = outbound.decodeCompletion(body as JsonObject);
    if ('output' in body) {
      if (Fault.is(completion)) throw completion;
      expect(completion.blocks.length).toBeGreaterThan(0);
      expect(['stop', 'tool-calls']).toContain(completion.finish.reason);
    } else if (name === failing) expect(completion).toMatchObject({ code: 'upstream_quota' });
    else expect(completion).toMatchObject({ code: 'upstream_rejected' });
  });
});

function sourcesOf(completion: Completion): string[] {
  return completion.blocks.flatMap((block) => (block.type === 'source' ? [block.url] : []));
}

function textsOf(completion: Completion): unknown[] {
  return completion.blocks.flatMap((block): unknown[] => {
    if (block.type === 'tool-call') return [[block.id, block.name, block.arguments]];
    return block.type === 'text' || block.type === 'refusal' ? [block.text] : [];
  });
}

/** Searches are counted from items, which may be written again without their action. */
function withoutRequests(completion: Completion): object {
  const { requests: _, ...buckets } = completion.usage?.buckets ?? {};
  return buckets;
}
