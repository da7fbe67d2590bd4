/** Names that OpenTelemetry's conventions give to providers where ours differ; the others are equal. */
const conventional: { readonly [providerId: string]: string } = {
  'azure-openai': 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  gemini: 'gcp.gemini',
  mistral: 'mistral_ai',
  moonshot: 'moonshot_ai',
  vertex: 'gcp.vertex_ai',
  xai: 'x_ai',
  // A host of the operator's own is known by the vendor whose dialect it speaks.
  'generic-anthropic-messages': 'anthropic',
  'generic-azure-openai': 'azure.ai.openai',
  'generic-bedrock': 'aws.bedrock',
  'generic-gemini': 'gcp.gemini',
  'generic-openai-chat': 'openai',
  'generic-openai-responses': 'openai',
  'generic-vertex': 'gcp.vertex_ai',
};

/** What traces call a provider. */
export function telemetryNameOf(providerId: string): string {
  return Object.hasOwn(conventional, providerId) ? (conventional[providerId] ?? providerId) : providerId;
}
