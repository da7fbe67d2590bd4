import { anthropicAddressing } from '../addressing/anthropic-addressing.ts';
import type { ProviderDefinition } from '../provider-definition.ts';

/** Any host of the configuration that speaks the Messages API and has no file of its own. */
export const genericAnthropicMessages: ProviderDefinition = {
  id: 'generic-anthropic-messages',
  name: 'Messages-compatible host',
  protocol: 'anthropic-messages',
  keyEnv: [],
  generic: true,
  documentation: {
    url: 'https://platform.claude.com/docs/en/build-with-claude/working-with-messages',
    date: '2026-11-22',
  },
  keyHeader: 'x-api-key',
  addressing: anthropicAddressing,
};
