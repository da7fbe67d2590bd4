import { openAICompatible } from '../openai-compatible.ts';

/** Groq, in OpenAI's dialect. */
export const groq = openAICompatible({
  id: 'groq',
  name: 'Groq',
  baseUrl: 'https://api.groq.com/openai/v1',
  keyEnv: ['GROQ_API_KEY'],
  recorded: true,
  documentation: { url: 'https://console.groq.com/docs/openai', date: '2026-11-22' },
  quirks: {
    usagePlacement: 'finish-chunk',
    reasoningField: 'reasoning',
    messageName: 'unsupported',
    unsupportedFields: ['logprobs', 'logit_bias', 'top_logprobs', 'n'],
  },
});
