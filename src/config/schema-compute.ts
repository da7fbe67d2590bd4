import { z } from 'zod';

const price = (of: string): z.ZodDefault<z.ZodString> =>
  z
    .string()
    .regex(/^[0-9]+(\.[0-9]{1,12})?$/, 'must be USD with at most 12 decimals, like 0.000012')
    .default('0')
    .meta({ description: `USD for ${of}.` });

/** What customers pay for running code; decimals keep their source text. */
export const computeSchema = z
  .strictObject({
    cpuSecond: price('a second of CPU time'),
    wallSecond: price('a second that a run, an app or a sandbox is there'),
    memoryGibSecond: price('a gibibyte of memory for a second'),
    egressGib: price('a gibibyte sent to other servers'),
  })
  .optional()
  .meta({
    description:
      'What customers pay for runs, apps and sandboxes. With it their use is metered into the journal, charged, and held to budgets; without it running code is free.',
  });
