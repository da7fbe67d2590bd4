import type { Addressing } from '../provider-definition.ts';

/** Bedrock's Converse API: the model, possibly a whole ARN, in the path. */
export const bedrockAddressing: Addressing = {
  dialectsFor: (_endpoint, operation) => (operation === 'generate' ? ['bedrock-converse'] : []),
  pathFor: ({ endpoint, stream }) =>
    `/model/${encodeURIComponent(endpoint.upstreamModel)}/${stream ? 'converse-stream' : 'converse'}`,
  bodyEdits: () => [{ op: 'remove', pointer: '/model' }],
  headersFor: ({ stream }) => ({ accept: stream ? 'application/vnd.amazon.eventstream' : 'application/json' }),
};
