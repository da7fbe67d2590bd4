import type { Addressing } from '../provider-definition.ts';

/** Version of the Messages API that our decoders know; a client's own header wins. */
export const anthropicVersion = '2023-06-01';

/** Anthropic's own layout. */
export const anthropicAddressing: Addressing = {
  dialectsFor: (_endpoint, operation) =>
    operation === 'generate' || operation === 'count-tokens' ? ['anthropic-messages'] : [],
  pathFor: ({ operation }) => (operation === 'count-tokens' ? '/messages/count_tokens' : '/messages'),
  bodyEdits: ({ endpoint }) => [{ op: 'set', pointer: '/model', value: endpoint.upstreamModel }],
  headersFor: () => ({ 'anthropic-version': anthropicVersion }),
};
