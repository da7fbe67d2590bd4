import type { FinishReason, ReasoningEnd } from './stream-part.ts';
import type { Usage } from '../rating/usage.ts';

/** A finished block of an answer. */
export type CompletionBlock =
  | { readonly type: 'text'; readonly text: string }
  | ({ readonly type: 'reasoning'; readonly text: string; readonly id?: string } & Pick<
      ReasoningEnd,
      'signature' | 'redacted' | 'encrypted' | 'provenance'
    >)
  | { readonly type: 'refusal'; readonly text: string }
  | {
      readonly type: 'tool-call';
      readonly id: string;
      readonly name: string;
      readonly arguments: string;
      readonly signature?: string;
    }
  | { readonly type: 'media'; readonly mediaType: string; readonly base64: string; readonly transcript?: string }
  | { readonly type: 'source'; readonly url: string; readonly title?: string; readonly citedText?: string };

/** A whole answer in the common vocabulary. */
export interface Completion {
  readonly id?: string;
  readonly model?: string;
  readonly createdAtS?: number;
  readonly blocks: readonly CompletionBlock[];
  readonly finish: { readonly reason: FinishReason; readonly rawReason?: string; readonly stopSequence?: string };
  readonly usage?: Usage;
}

/** Is there anything in it that a client would see? */
export function hasContent(completion: Completion): boolean {
  return completion.blocks.some((block) => {
    switch (block.type) {
      case 'text':
      case 'refusal':
        return block.text.length > 0;
      case 'reasoning':
        return block.text.length > 0 || block.signature !== undefined || block.redacted !== undefined;
      default:
        return true;
    }
  });
}
