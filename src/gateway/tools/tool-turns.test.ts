import { describe, expect, it } from 'vitest';
import type { Completion, CompletionBlock } from '../../domain/calls/completion.ts';
import type { FinishReason, StreamPart } from '../../domain/calls/stream-part.ts';
import {
  type AnswerContext,
  type AnswerEncoder,
  collectCompletion,
  completionToParts,
  type InboundProtocol,
} from '../../protocols/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { ToolTurns } from './tool-turns.ts';

const code = (id: string): CompletionBlock => ({ type: 'tool-call', id, name: 'switchyard_code', arguments: '{}' });
const lookup: CompletionBlock = { type: 'tool-call', id: 'l', name: 'lookup', arguments: '{}' };
const text = (said: string): CompletionBlock => ({ type: 'text', text: said });
const completionOf = (reason: FinishReason, ...blocks: readonly CompletionBlock[]): Completion => ({
  blocks,
  finish: { reason },
  usage: { buckets: { input: 10, output: 5 }, source: 'provider' },
});

/** A dialect whose streams are the parts themselves. */
function recorder(): { readonly inbound: InboundProtocol; readonly parts: StreamPart[] } {
  const parts: StreamPart[] = [];
  const encoder: AnswerEncoder = {
    push: (part) => (parts.push(part), ''),
    end: () => 'end',
    fail: () => 'failed',
  };
  return { inbound: { openEncoder: () => encoder } as unknown as InboundProtocol, parts };
}

/** Streams some turns through one answer, and answers what the client has then. */
function stream(...turns: readonly Completion[]): { readonly parts: StreamPart[]; readonly whole: Completion } {
  const { inbound, parts } = recorder();
  const answer = new ToolTurns((name) => name === 'switchyard_code');
  const wrapped = answer.wrap(inbound);
  for (const [at, completion] of turns.entries()) {
    const encoder = wrapped.openEncoder({} as AnswerContext);
    for (const part of completionToParts(completion)) encoder.push(part);
    expect(encoder.end()).toBe('');
    const turn = answer.turn(undefined);
    if (!turn) throw new Error('a turn that ended is known');
    expect(turn.completion).toMatchObject({ blocks: completion.blocks });
    if (at + 1 < turns.length) answer.next(turn);
    else expect(answer.close(turn.completion)).toBe('end');
  }
  const whole = collectCompletion(parts);
  if (Fault.is(whole)) throw whole;
  return { parts, whole };
}

/** The same turns, read whole. */
function gather(...turns: readonly Completion[]): Completion {
  const answer = new ToolTurns((name) => name === 'switchyard_code');
  for (const completion of turns.slice(0, -1)) {
    const turn = answer.turn(completion);
    if (turn) answer.next(turn);
  }
  return answer.whole(turns.at(-1) ?? completionOf('stop'));
}

describe('turns of a model with tools of this side', () => {
  it.each([
    [[completionOf('tool-calls', text('Let me see.'), code('1')), completionOf('stop', text('It is 42.'))]],
    [[completionOf('tool-calls', code('1')), completionOf('tool-calls', code('2')), completionOf('stop', text('42'))]],
    [[completionOf('tool-calls', text('So:\n'), code('1')), completionOf('stop', text('42'))]],
    [[completionOf('stop', text('no tool'))]],
    [
      [
        completionOf('tool-calls', text('One'), code('1')),
        completionOf('tool-calls', text('Two'), code('2')),
        completionOf('stop', text('Three')),
      ],
    ],
  ])('are one answer, the same streamed and whole: %#', (turns) => {
    const streamed = stream(...turns);
    const whole = gather(...turns);
    const said = (completion: Completion): string =>
      completion.blocks.map((block) => (block.type === 'text' ? block.text : block.type)).join('');
    expect(said(streamed.whole)).toBe(said(whole));
    expect(said(whole)).not.toContain('tool-call');
    for (const one of [streamed.whole, whole]) {
      expect(one.finish.reason).toBe('stop');
      expect(one.usage?.buckets).toEqual({ input: 10 * turns.length, output: 5 * turns.length });
    }
    const counted = (type: StreamPart['type']): number => streamed.parts.filter((part) => part.type === type).length;
    expect(['start', 'usage', 'finish'].map((type) => counted(type as StreamPart['type']))).toEqual([1, 1, 1]);
  });

  it('keep what was said before and after a tool apart, and blocks too', () => {
    const turns = [completionOf('tool-calls', text('One'), code('1')), completionOf('stop', text('Two'))];
    const { parts, whole } = stream(...turns);
    expect(whole.blocks).toEqual([text('One'), text('\n\nTwo')]);
    const starts = parts.flatMap((part) => (part.type === 'text-start' ? [part.index] : []));
    expect(new Set(starts).size).toBe(2);
    expect(gather(...turns).blocks).toEqual(whole.blocks);
  });

  it('go to the client when it calls a tool of the client, without the other calls', () => {
    const answer = new ToolTurns((name) => name === 'switchyard_code');
    const turn = answer.turn(completionOf('tool-calls', code('1'), lookup));
    expect(turn?.calls).toEqual([]);
    const whole = answer.whole(completionOf('tool-calls', code('1'), lookup));
    expect([whole.blocks, whole.finish.reason]).toEqual([[lookup], 'tool-calls']);
  });

  it('that call on when they may not any more were cut', () => {
    expect(gather(completionOf('tool-calls', code('1'))).finish.reason).toBe('length');
    expect(stream(completionOf('tool-calls', text('hm'), code('1'))).whole.finish.reason).toBe('length');
  });
});
