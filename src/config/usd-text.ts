import { z } from 'zod';
import { isStorableAmount, parseUsdAsNanos } from '../domain/money/money.ts';

/** An amount in USD as text, for settings; an example says how one is written. */
export function usdText(example: string): z.ZodString {
  return z
    .string()
    .regex(/^[0-9]+(\.[0-9]+)?$/, { error: `must be an amount in USD, for example ${example}`, abort: true })
    .refine((text) => isStorableAmount(parseUsdAsNanos(text) ?? -1n), 'must be at most 9223372036 USD');
}
