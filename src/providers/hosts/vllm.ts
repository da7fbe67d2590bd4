import { openAICompatible } from '../openai-compatible.ts';

/** A local vLLM server. */
export const vllm = openAICompatible({
  id: 'vllm',
  name: 'vLLM',
  baseUrl: 'http://127.0.0.1:8000/v1',
  keyEnv: ['VLLM_API_KEY'],
  local: true,
  documentation: { url: 'https://docs.vllm.ai/en/stable/features/reasoning_outputs/', date: '2026-11-22' },
  quirks: { reasoningField: 'reasoning' },
});
