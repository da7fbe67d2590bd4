import { z } from 'zod';
import { usageBuckets } from '../domain/usage.ts';
import { secretReference } from './secret-reference.ts';

const sinkName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores')
  .meta({ description: 'Its name; what was sent is remembered under it, so another name sends to another receiver.' });

const stripeSchema = z.strictObject({
  type: z.literal('stripe').meta({ description: 'Meter events of Stripe; needs the package `stripe`.' }),
  name: sinkName,
  secretKey: secretReference.meta({ description: "Stripe's secret key: `env:NAME` or `file:PATH`." }),
  meters: z
    .partialRecord(z.enum(usageBuckets), z.string().min(1))
    .refine((meters) => Object.keys(meters).length > 0, 'must name at least one meter')
    .meta({ description: 'Event name of the meter of each bucket of usage; buckets without one are not sent.' }),
  customers: z
    .record(z.string().min(1), z.string().min(1))
    .meta({ description: "Stripe's customer id of each customer; use of other customers is not sent." }),
  apiUrl: z.url().optional().meta({ description: 'Another address of the API, for a proxy or a mock.' }),
});

const cloudEventsSchema = z.strictObject({
  type: z.literal('cloudEvents').meta({ description: 'One CloudEvent per request by HTTP, as OpenMeter takes them.' }),
  name: sinkName,
  url: z.url().meta({ description: 'Where events are posted.' }),
  authorization: secretReference
    .optional()
    .meta({ description: 'The whole `Authorization` header, as `env:NAME` or `file:PATH`.' }),
  timeoutMs: z.int().positive().max(30_000).default(10_000).meta({ description: 'Longest wait for one answer.' }),
});

/** One entry of `exports`: another system that is told what was used. */
export const exportSchema = z.discriminatedUnion('type', [stripeSchema, cloudEventsSchema]);

/** A configured export. */
export type ExportConfig = z.infer<typeof exportSchema>;
