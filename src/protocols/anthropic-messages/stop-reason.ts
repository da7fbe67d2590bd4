import type { CompletionBlock } from '../../domain/calls/completion.ts';
import type { FinishReason, StreamPart } from '../../domain/calls/stream-part.ts';

type Finish = Omit<Extract<StreamPart, { readonly type: 'finish' }>, 'type'>;

const meanings: ReadonlyMap<string, FinishReason> = new Map([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop-sequence'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool-calls'],
  ['pause_turn', 'pause'],
  ['compaction', 'pause'],
  ['refusal', 'refusal'],
]);

const words: { readonly [Reason in FinishReason]: string } = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
  other: 'end_turn',
};

/** Reads a `stop_reason`; the original word is kept where ours does not lead back to it. */
export function readStopReason(word: string, stopSequence: unknown): Finish {
  const reason = meanings.get(word) ?? 'other';
  return {
    reason,
    ...(reason === 'other' || words[reason] !== word ? { rawReason: word } : {}),
    ...(typeof stopSequence === 'string' && { stopSequence }),
  };
}

/**
 * Writes a `stop_reason`. Some hosts say `stop` after tool calls; clients of this dialect run tools only on
 * `tool_use`, so the calls decide.
 */
export function writeStopReason(finish: Finish, blocks: Iterable<CompletionBlock['type']>): string {
  const { reason, rawReason } = finish;
  if (rawReason !== undefined && meanings.get(rawReason) === reason) return rawReason;
  if (reason === 'stop' && [...blocks].includes('tool-call')) return words['tool-calls'];
  return words[reason];
}
