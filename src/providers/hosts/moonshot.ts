import { openAICompatible } from '../openai-compatible.ts';

/** Moonshot AI, in OpenAI's dialect. */
export const moonshot = openAICompatible({
  id: 'moonshot',
  name: 'Moonshot AI',
  baseUrl: 'https://api.moonshot.ai/v1',
  keyEnv: ['MOONSHOT_API_KEY', 'KIMI_API_KEY'],
  recorded: true,
  documentation: { url: 'https://platform.kimi.ai/docs/guide/migrating-from-openai-to-kimi', date: '2026-11-22' },
  quirks: {
    usagePlacement: 'finish-chunk',
    toolChoiceRequired: 'unsupported',
    namedToolChoice: 'unsupported',
    reasoningField: 'reasoning_content',
  },
});
