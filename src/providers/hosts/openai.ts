import { openAIAddressing } from '../addressing/openai-addressing.ts';
import type { ProviderDefinition } from '../provider-definition.ts';

/** OpenAI itself, in both of its dialects. */
export const openai: ProviderDefinition = {
  id: 'openai',
  name: 'OpenAI',
  protocol: 'openai-chat',
  baseUrl: 'https://api.openai.com/v1',
  keyEnv: ['OPENAI_API_KEY'],
  recorded: true,
  documentation: { url: 'https://platform.openai.com/docs/api-reference/chat', date: '2026-11-22' },
  keyHeader: 'bearer',
  addressing: openAIAddressing(['openai-chat', 'openai-responses']),
};
