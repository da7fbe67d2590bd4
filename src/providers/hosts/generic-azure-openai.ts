import { azureAddressing } from '../addressing/azure-addressing.ts';
import type { ProviderDefinition } from '../provider-definition.ts';

/** Any further Azure OpenAI resource of the configuration. */
export const genericAzureOpenai: ProviderDefinition = {
  id: 'generic-azure-openai',
  name: 'Azure OpenAI host',
  protocol: 'azure-openai',
  keyEnv: [],
  generic: true,
  documentation: {
    url: 'https://learn.microsoft.com/en-us/azure/foundry/openai/api-version-lifecycle',
    date: '2026-11-22',
  },
  keyHeader: 'api-key',
  addressing: azureAddressing,
};
