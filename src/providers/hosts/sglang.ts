import { openAICompatible } from '../openai-compatible.ts';

/** A local SGLang server. */
export const sglang = openAICompatible({
  id: 'sglang',
  name: 'SGLang',
  baseUrl: 'http://127.0.0.1:30000/v1',
  keyEnv: ['SGLANG_API_KEY'],
  local: true,
  documentation: { url: 'https://docs.sglang.io/docs/basic_usage/openai_api_completions', date: '2026-11-22' },
  quirks: { reasoningField: 'reasoning_content' },
});
