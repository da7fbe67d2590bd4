import { bedrockAddressing } from '../addressing/bedrock-addressing.ts';
import type { ProviderDefinition } from '../provider-definition.ts';

/** Any further Bedrock account of the configuration. */
export const genericBedrock: ProviderDefinition = {
  id: 'generic-bedrock',
  name: 'Bedrock host',
  protocol: 'bedrock',
  keyEnv: [],
  generic: true,
  documentation: {
    url: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html',
    date: '2026-11-22',
  },
  keyHeader: 'bearer',
  addressing: bedrockAddressing,
};
