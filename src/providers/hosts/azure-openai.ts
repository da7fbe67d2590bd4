import { azureAddressing } from '../addressing/azure-addressing.ts';
import type { ProviderDefinition } from '../provider-definition.ts';

/** Azure OpenAI; the address holds the resource, so the operator must say it. */
export const azureOpenai: ProviderDefinition = {
  id: 'azure-openai',
  name: 'Azure OpenAI',
  protocol: 'azure-openai',
  keyEnv: ['AZURE_OPENAI_API_KEY'],
  baseUrlExample: 'https://RESOURCE.openai.azure.com/openai/v1',
  recorded: true,
  documentation: {
    url: 'https://learn.microsoft.com/en-us/azure/foundry/openai/api-version-lifecycle',
    date: '2026-11-22',
  },
  keyHeader: 'api-key',
  addressing: azureAddressing,
};
