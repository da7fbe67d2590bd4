import type { Fault } from '../faults/fault.ts';
import type { Usage } from '../rating/usage.ts';

/** Why a model stopped, in one vocabulary for every dialect. `other` keeps its original word in `rawReason`. */
export type FinishReason =
  | 'stop'
  | 'stop-sequence'
  | 'length'
  | 'tool-calls'
  | 'content-filter'
  | 'refusal'
  | 'pause'
  | 'other';

/**
 * One step of an answer in the common vocabulary. `index` numbers the blocks of one answer from 0 in order of
 * appearance; deltas name the block they belong to. A decoder emits start before the first delta of a block and end
 * exactly once, at the latest with `finish`.
 */
export type StreamPart =
  | { readonly type: 'start'; readonly id?: string; readonly model?: string; readonly createdAtS?: number }
  | { readonly type: 'text-start'; readonly index: number }
  | { readonly type: 'text-delta'; readonly index: number; readonly text: string }
  | { readonly type: 'text-end'; readonly index: number }
  | { readonly type: 'reasoning-start'; readonly index: number; readonly id?: string }
  | { readonly type: 'reasoning-delta'; readonly index: number; readonly text: string }
  | ReasoningEnd
  | { readonly type: 'refusal-delta'; readonly index: number; readonly text: string }
  | { readonly type: 'tool-call-start'; readonly index: number; readonly id: string; readonly name: string }
  /** `arguments` is a piece of the arguments' JSON text, never re-formatted. */
  | { readonly type: 'tool-call-delta'; readonly index: number; readonly arguments: string }
  | { readonly type: 'tool-call-end'; readonly index: number; readonly signature?: string }
  | {
      readonly type: 'media';
      readonly index: number;
      readonly mediaType: string;
      readonly base64: string;
      readonly transcript?: string;
    }
  | {
      readonly type: 'source';
      readonly url: string;
      readonly title?: string;
      readonly citedText?: string;
      readonly index?: number;
    }
  /** Cumulative: replaces what an earlier part said, never adds to it. */
  | { readonly type: 'usage'; readonly usage: Usage }
  | {
      readonly type: 'finish';
      readonly reason: FinishReason;
      readonly rawReason?: string;
      readonly stopSequence?: string;
    }
  | { readonly type: 'error'; readonly fault: Fault }
  | { readonly type: 'ping' }
  /** An event this vocabulary has no word for; kept so that the same dialect can carry it. */
  | { readonly type: 'raw'; readonly value: unknown };

/** Closes a reasoning block with what must round-trip exactly to be accepted in the next turn. */
export interface ReasoningEnd {
  readonly type: 'reasoning-end';
  readonly index: number;
  /** Anthropic thinking signature, or Gemini thought signature. */
  readonly signature?: string;
  /** Anthropic `redacted_thinking.data`. */
  readonly redacted?: string;
  /** OpenAI Responses `encrypted_content`. */
  readonly encrypted?: string;
  /** Dialect whose models issued the signature; only they accept it again. */
  readonly provenance?: string;
}

/** Does this part hold something the client would see? The first such part commits the stream to its endpoint. */
export function isContent(part: StreamPart): boolean {
  switch (part.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'refusal-delta':
      return part.text.length > 0;
    case 'tool-call-start':
    case 'media':
      return true;
    case 'reasoning-end':
      return part.signature !== undefined || part.redacted !== undefined || part.encrypted !== undefined;
    default:
      return false;
  }
}
