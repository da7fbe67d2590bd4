import { anthropicAddressing } from '../addressing/anthropic-addressing.ts';
import type { ProviderDefinition } from '../provider-definition.ts';

/** Anthropic itself. */
export const anthropic: ProviderDefinition = {
  id: 'anthropic',
  name: 'Anthropic',
  protocol: 'anthropic-messages',
  baseUrl: 'https://api.anthropic.com/v1',
  keyEnv: ['ANTHROPIC_API_KEY'],
  recorded: true,
  documentation: {
    url: 'https://platform.claude.com/docs/en/build-with-claude/working-with-messages',
    date: '2026-11-22',
  },
  keyHeader: 'x-api-key',
  addressing: anthropicAddressing,
};
