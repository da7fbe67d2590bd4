import { vertexAddressing } from '../addressing/vertex-addressing.ts';
import type { ProviderDefinition } from '../provider-definition.ts';

/** Any further Vertex AI account of the configuration. */
export const genericVertex: ProviderDefinition = {
  id: 'generic-vertex',
  name: 'Vertex AI host',
  protocol: 'vertex',
  keyEnv: [],
  generic: true,
  documentation: {
    url: 'https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference',
    date: '2026-11-22',
  },
  keyHeader: 'x-goog-api-key',
  addressing: vertexAddressing,
};
