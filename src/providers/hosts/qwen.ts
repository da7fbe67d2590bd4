import { openAICompatible } from '../openai-compatible.ts';

/**
 * Qwen through Alibaba Cloud Model Studio (DashScope), international region. Newer workspaces have addresses of their
 * own, to be configured as base URL.
 */
export const qwen = openAICompatible({
  id: 'qwen',
  name: 'Qwen',
  baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  keyEnv: ['DASHSCOPE_API_KEY'],
  recorded: true,
  documentation: {
    url: 'https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope',
    date: '2026-11-22',
  },
  quirks: {
    maxTokensField: 'max_tokens',
    toolChoiceRequired: 'unsupported',
    reasoningEffort: 'enable-thinking',
    reasoningField: 'reasoning_content',
  },
  quirkSources: {
    toolChoiceRequired: 'https://github.com/cloudwego/eino/issues/994',
    reasoningEffort: 'https://www.alibabacloud.com/help/en/model-studio/deep-thinking',
  },
});
