import { openAICompatible } from '../openai-compatible.ts';

/** Perplexity's Sonar models, which search but call no tools. */
export const perplexity = openAICompatible({
  id: 'perplexity',
  name: 'Perplexity',
  baseUrl: 'https://api.perplexity.ai',
  keyEnv: ['PERPLEXITY_API_KEY'],
  recorded: true,
  documentation: { url: 'https://docs.perplexity.ai/docs/sonar/openai-compatibility', date: '2026-11-22' },
  quirks: {
    streamOptions: 'unsupported',
    usagePlacement: 'every-chunk',
    maxTokensField: 'max_tokens',
    unsupportedFields: ['tools', 'tool_choice', 'parallel_tool_calls', 'logit_bias', 'logprobs', 'top_logprobs'],
  },
  quirkSources: { unsupportedFields: 'https://docs.getbifrost.ai/providers/supported-providers/perplexity' },
});
