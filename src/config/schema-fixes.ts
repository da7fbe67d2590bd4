import { z } from 'zod';
import { parseUsdAsNanos } from '../domain/money/money.ts';
import { usdText } from './usd-text.ts';

const positiveUsd = usdText('0.25').refine((text) => parseUsdAsNanos(text) !== 0n, 'must be above 0');

/** How failing programs are fixed, and what is kept of it. */
export const fixesSchema = z
  .strictObject({
    maxUsd: positiveUsd
      .default('0.25')
      .meta({ description: 'Most that one fix may cost, unless it is asked for with another sum.' }),
    pairs: z
      .strictObject({
        keep: z.boolean().default(false).meta({
          description: 'Whether failed programs are kept beside their fixes, to train models with.',
        }),
        customers: z.array(z.string().min(1)).max(10_000).default([]).meta({
          description: 'Customers who consented; of others none is kept. `default` is the organisation itself.',
        }),
        outputs: z
          .record(z.string().min(1), z.enum(['allowed', 'forbidden']))
          .default({})
          .meta({
            description:
              "Whether what a model wrote may train others, by the model's name; `*` matches any run of characters, and of those that match the longest counts. Otherwise unknown, and left out of exports.",
          }),
      })
      .prefault({})
      .meta({ description: 'Training data out of fixes; off unless said, and only of customers who consented.' }),
  })
  .prefault({})
  .meta({ description: 'Fixing programs that fail, by models of the job `code-fix`.' });
