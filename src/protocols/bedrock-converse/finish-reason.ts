import type { FinishReason } from '../../domain/calls/stream-part.ts';

/** Converse's stop reasons in the common vocabulary; unknown words are `other`. */
export function readStopReason(word: string): FinishReason {
  switch (word) {
    case 'end_turn':
      return 'stop';
    case 'stop_sequence':
      return 'stop-sequence';
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'tool_use':
      return 'tool-calls';
    case 'guardrail_intervened':
    case 'content_filtered':
      return 'content-filter';
    case 'refusal':
      return 'refusal';
    case 'pause_turn':
      return 'pause';
    default:
      return 'other';
  }
}
