import type { DialectId } from '../../domain/calls/dialect.ts';
import {
  type ForeignProofFinder,
  type ForeignProofs,
  foreignProofsInChat,
  foreignProofsInGemini,
  foreignProofsInMessages,
  foreignProofsInResponses,
} from '../../protocols/index.ts';
import type { OutboundCall } from '../contract.ts';

const finders: { readonly [Dialect in DialectId]?: ForeignProofFinder } = {
  'openai-chat': foreignProofsInChat,
  'openai-responses': foreignProofsInResponses,
  'anthropic-messages': foreignProofsInMessages,
  gemini: foreignProofsInGemini,
};

const none: ForeignProofs = { edits: [], dropped: [], added: [] };

/** What a passed-through request must lose because another provider issued it; a search of the bytes rules out most. */
export function foreignProofs({ dialect, operation, bytes, body }: OutboundCall, upstreamModel: string): ForeignProofs {
  const finder = operation === 'generate' ? finders[dialect] : undefined;
  return finder?.marks.some((mark) => bytes.includes(mark)) === true ? finder.find(body, upstreamModel) : none;
}
