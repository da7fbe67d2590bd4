import { openAICompatible } from '../openai-compatible.ts';

/** Hugging Face's router over many inference providers. */
export const huggingface = openAICompatible({
  id: 'huggingface',
  name: 'Hugging Face',
  baseUrl: 'https://router.huggingface.co/v1',
  keyEnv: ['HF_TOKEN'],
  documentation: { url: 'https://huggingface.co/docs/inference-providers/index', date: '2026-11-22' },
});
