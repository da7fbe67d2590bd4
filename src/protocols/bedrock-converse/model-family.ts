/** Makers whose models take fields of their own beside Converse's common ones. */
export type ModelFamily = 'claude' | 'nova' | 'gpt-oss' | 'other';

/** Tells the maker from a model id, an inference profile or an ARN. */
export function modelFamilyOf(upstreamModel: string): ModelFamily {
  const name = upstreamModel.toLowerCase();
  if (name.includes('claude') || name.includes('anthropic.')) return 'claude';
  if (name.includes('amazon.nova') || name.includes('nova-')) return 'nova';
  return name.includes('gpt-oss') ? 'gpt-oss' : 'other';
}
