import type { Operation } from '../../domain/calls/dialect.ts';
import type { AddressedCall, Addressing } from '../provider-definition.ts';

/** Last segment of a Gemini path: what to do with the model. Streams are always asked for as SSE. */
export function geminiMethod({ operation, stream }: AddressedCall): string {
  if (operation === 'count-tokens') return 'countTokens';
  if (operation === 'embeddings') return 'batchEmbedContents';
  return stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
}

const offered: ReadonlySet<Operation> = new Set(['generate', 'count-tokens', 'embeddings']);

/** Google's own layout: model and method in the path, nothing of them in the body. */
export const geminiAddressing: Addressing = {
  dialectsFor: (_endpoint, operation) => (offered.has(operation) ? ['gemini'] : []),
  pathFor(call) {
    const model = call.endpoint.upstreamModel.replace(/^models\//, '');
    return `/models/${encodeURIComponent(model)}:${geminiMethod(call)}`;
  },
  bodyEdits: () => [{ op: 'remove', pointer: '/model' }],
};
