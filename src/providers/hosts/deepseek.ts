import { openAICompatible } from '../openai-compatible.ts';

/** DeepSeek, in OpenAI's dialect. */
export const deepseek = openAICompatible({
  id: 'deepseek',
  name: 'DeepSeek',
  baseUrl: 'https://api.deepseek.com/v1',
  keyEnv: ['DEEPSEEK_API_KEY'],
  recorded: true,
  documentation: { url: 'https://api-docs.deepseek.com/api/create-chat-completion', date: '2026-11-22' },
  quirks: {
    usagePlacement: 'finish-chunk',
    maxTokensField: 'max_tokens',
    developerRole: 'unsupported',
    forcedToolThinking: 'unsupported',
    jsonSchema: 'json-object',
    reasoningField: 'reasoning_content',
  },
  quirkSources: { forcedToolThinking: 'https://github.com/BerriAI/litellm/pull/37470' },
});
