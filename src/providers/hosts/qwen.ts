import { openAICompatible } from '../openai-compatible.ts';

/** Qwen through Alibaba Cloud Model Studio (DashScope), international region. */
export const qwen = openAICompatible({
  id: 'qwen',
  name: 'Qwen',
  baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  keyEnv: ['DASHSCOPE_API_KEY'],
  recorded: true,
  documentation: {
    url: 'https://www.alibabacloud.com/help/en/model-studio/use-qwen-by-calling-api',
    date: '2026-11-22',
  },
  quirks: {
    maxTokensField: 'max_tokens',
    toolChoiceRequired: 'unsupported',
    reasoningEffort: 'enable-thinking',
    reasoningField: 'reasoning_content',
  },
  quirkSources: { reasoningEffort: 'https://www.alibabacloud.com/help/en/model-studio/deep-thinking' },
});
