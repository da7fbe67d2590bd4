import { openAIAddressing } from './addressing/openai-addressing.ts';
import type { ProviderDefinition } from './provider-definition.ts';

/** What a host that speaks OpenAI's dialect must say of itself. */
export type CompatibleHost = Omit<ProviderDefinition, 'protocol' | 'keyHeader' | 'addressing'> & {
  /** It also answers OpenAI's Responses API, so that such calls need no translation. */
  readonly responses?: boolean;
};

/**
 * Defines a host that serves models in OpenAI's chat dialect.
 *
 * @example
 * export const acme = openAICompatible({
 *   id: 'acme',
 *   name: 'Acme',
 *   baseUrl: 'https://api.acme.example/v1',
 *   keyEnv: ['ACME_API_KEY'],
 *   documentation: { url: 'https://docs.acme.example/openai', date: '2026-11-22' },
 *   quirks: { streamOptions: 'unsupported' },
 * });
 */
export function openAICompatible({ responses = false, ...host }: CompatibleHost): ProviderDefinition {
  return {
    ...host,
    protocol: 'openai-chat',
    keyHeader: 'bearer',
    addressing: openAIAddressing(responses ? ['openai-chat', 'openai-responses'] : ['openai-chat']),
  };
}
