import { openAICompatible } from '../openai-compatible.ts';

/** Any host of the configuration that speaks chat completions and has no file of its own. */
export const genericOpenaiChat = openAICompatible({
  id: 'generic-openai-chat',
  name: 'OpenAI-compatible host',
  keyEnv: [],
  generic: true,
  documentation: { url: 'https://platform.openai.com/docs/api-reference/chat', date: '2026-11-22' },
});
