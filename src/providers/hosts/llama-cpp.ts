import { openAICompatible } from '../openai-compatible.ts';

/** A local llama.cpp server. */
export const llamaCpp = openAICompatible({
  id: 'llama-cpp',
  name: 'llama.cpp',
  baseUrl: 'http://127.0.0.1:8080/v1',
  keyEnv: ['LLAMA_API_KEY'],
  local: true,
  documentation: {
    url: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md',
    date: '2026-11-22',
  },
  quirks: { reasoningField: 'reasoning_content' },
});
