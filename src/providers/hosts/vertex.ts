import { vertexAddressing } from '../addressing/vertex-addressing.ts';
import type { ProviderDefinition } from '../provider-definition.ts';

/** Google's cloud, with a service account or an express-mode key. */
export const vertex: ProviderDefinition = {
  id: 'vertex',
  name: 'Google Vertex AI',
  protocol: 'vertex',
  baseUrl: 'https://{location}-aiplatform.googleapis.com/v1',
  keyEnv: ['VERTEX_API_KEY', 'GOOGLE_VERTEX_API_KEY'],
  documentation: {
    url: 'https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference',
    date: '2026-11-22',
  },
  keyHeader: 'x-goog-api-key',
  addressing: vertexAddressing,
};
