import { openAICompatible } from '../openai-compatible.ts';

/** Z.ai: the model always decides itself about tools. */
export const zai = openAICompatible({
  id: 'zai',
  name: 'Z.ai',
  baseUrl: 'https://api.z.ai/api/paas/v4',
  keyEnv: ['ZAI_API_KEY'],
  documentation: { url: 'https://docs.z.ai/api-reference/llm/chat-completion', date: '2026-11-22' },
  quirks: {
    maxTokensField: 'max_tokens',
    toolChoiceRequired: 'unsupported',
    namedToolChoice: 'unsupported',
    jsonSchema: 'json-object',
    reasoningEffort: 'thinking-object',
    reasoningField: 'reasoning_content',
  },
});
