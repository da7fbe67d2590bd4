import type { AddressedCall, Addressing } from '../provider-definition.ts';

/** Last segment of a Gemini path: what to do with the model. Streams are always asked for as SSE. */
export function geminiMethod({ operation, stream }: AddressedCall): string {
  if (operation === 'count-tokens') return 'countTokens';
  return stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
}

/** Google's own layout: model and method in the path, nothing of them in the body. */
export const geminiAddressing: Addressing = {
  dialectsFor: (_endpoint, operation) => (operation === 'generate' || operation === 'count-tokens' ? ['gemini'] : []),
  pathFor(call) {
    const model = call.endpoint.upstreamModel.replace(/^models\//, '');
    return `/models/${encodeURIComponent(model)}:${geminiMethod(call)}`;
  },
  bodyEdits: () => [{ op: 'remove', pointer: '/model' }],
};
