import { bedrockAddressing } from '../addressing/bedrock-addressing.ts';
import type { ProviderDefinition } from '../provider-definition.ts';

/** Amazon Bedrock, with AWS credentials or a Bedrock API key. */
export const bedrock: ProviderDefinition = {
  id: 'bedrock',
  name: 'Amazon Bedrock',
  protocol: 'bedrock',
  baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com',
  keyEnv: ['AWS_BEARER_TOKEN_BEDROCK'],
  recorded: true,
  documentation: {
    url: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html',
    date: '2026-11-22',
  },
  keyHeader: 'bearer',
  addressing: bedrockAddressing,
};
