import { openAICompatible } from '../openai-compatible.ts';

/** Z.ai's GLM models. */
export const zai = openAICompatible({
  id: 'zai',
  name: 'Z.ai',
  baseUrl: 'https://api.z.ai/api/paas/v4',
  keyEnv: ['ZAI_API_KEY'],
  documentation: { url: 'https://docs.z.ai/api-reference/llm/chat-completion', date: '2026-11-22' },
  quirks: {
    streamOptions: 'unsupported',
    usagePlacement: 'finish-chunk',
    maxTokensField: 'max_tokens',
    developerRole: 'unsupported',
    toolChoiceRequired: 'unsupported',
    namedToolChoice: 'unsupported',
    jsonSchema: 'json-object',
    reasoningField: 'reasoning_content',
    messageName: 'unsupported',
  },
  quirkSources: {
    streamOptions: 'https://java.agentscope.io/v2/en/integration/model/glm',
    toolChoiceRequired: 'https://github.com/vectorize-io/hindsight/issues/4246',
    namedToolChoice: 'https://github.com/vectorize-io/hindsight/issues/4246',
    messageName: 'https://java.agentscope.io/v2/en/integration/model/glm',
  },
});
