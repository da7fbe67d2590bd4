import { geminiAddressing } from '../addressing/gemini-addressing.ts';
import type { ProviderDefinition } from '../provider-definition.ts';

/** Google's Gemini API. */
export const gemini: ProviderDefinition = {
  id: 'gemini',
  name: 'Google Gemini',
  protocol: 'gemini',
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  keyEnv: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  recorded: true,
  documentation: { url: 'https://ai.google.dev/api/generate-content', date: '2026-11-22' },
  keyHeader: 'x-goog-api-key',
  addressing: geminiAddressing,
};
