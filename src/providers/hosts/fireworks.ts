import { openAICompatible } from '../openai-compatible.ts';

/** Fireworks AI, in OpenAI's dialect. */
export const fireworks = openAICompatible({
  id: 'fireworks',
  name: 'Fireworks AI',
  baseUrl: 'https://api.fireworks.ai/inference/v1',
  keyEnv: ['FIREWORKS_API_KEY'],
  documentation: { url: 'https://docs.fireworks.ai/tools-sdks/openai-compatibility', date: '2026-11-22' },
  quirks: { usagePlacement: 'finish-chunk' },
});
