import type { ModelCall } from '../../domain/calls/model-call.ts';
import { ownValue } from '../../domain/json/own-value.ts';
import type { LossReport } from './loss-report.ts';

/** The service tier in a dialect's own words; one that the dialect has no word for is reported as lost. */
export function encodeTier(
  { serviceTier }: ModelCall,
  words: { readonly [tier: string]: string | undefined },
  losses: LossReport,
): string | undefined {
  if (serviceTier === undefined || serviceTier === 'auto') return undefined;
  const tier = ownValue(words, serviceTier);
  if (tier === undefined) losses.dropField('serviceTier');
  return tier;
}
