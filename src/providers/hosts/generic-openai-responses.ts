import { openAIAddressing } from '../addressing/openai-addressing.ts';
import type { ProviderDefinition } from '../provider-definition.ts';

/** Any host of the configuration that speaks the Responses API and has no file of its own. */
export const genericOpenaiResponses: ProviderDefinition = {
  id: 'generic-openai-responses',
  name: 'Responses-compatible host',
  protocol: 'openai-responses',
  keyEnv: [],
  generic: true,
  documentation: { url: 'https://platform.openai.com/docs/api-reference/responses', date: '2026-11-22' },
  keyHeader: 'bearer',
  addressing: openAIAddressing(['openai-responses']),
};
