import { geminiAddressing } from '../addressing/gemini-addressing.ts';
import type { ProviderDefinition } from '../provider-definition.ts';

/** Any host of the configuration that speaks Gemini's API and has no file of its own. */
export const genericGemini: ProviderDefinition = {
  id: 'generic-gemini',
  name: 'Gemini-compatible host',
  protocol: 'gemini',
  keyEnv: [],
  generic: true,
  documentation: { url: 'https://ai.google.dev/api/generate-content', date: '2026-11-22' },
  keyHeader: 'x-goog-api-key',
  addressing: geminiAddressing,
};
