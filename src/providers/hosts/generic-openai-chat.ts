import { openAIAddressing } from '../addressing/openai-addressing.ts';
import type { ProviderDefinition } from '../provider-definition.ts';

/** Any host of the configuration that speaks chat completions and has no file of its own. */
export const genericOpenaiChat: ProviderDefinition = {
  id: 'generic-openai-chat',
  name: 'OpenAI-compatible host',
  protocol: 'openai-chat',
  keyEnv: [],
  generic: true,
  documentation: { url: 'https://platform.openai.com/docs/api-reference/chat', date: '2026-11-22' },
  keyHeader: 'bearer',
  addressing: openAIAddressing(['openai-chat']),
};
