import { z } from 'zod';
import { usageBuckets } from '../domain/rating/usage.ts';
import { secretReference } from './secret-reference.ts';

const sinkName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores')
  .meta({ description: 'Its name; what was sent is remembered under it, so another name sends to another receiver.' });

const stripeSchema = z.strictObject({
  type: z
    .literal('stripe')
    .meta({ description: 'Meter events, or invoice items, of Stripe; needs the package `stripe`.' }),
  name: sinkName,
  secretKey: secretReference.meta({ description: "Stripe's secret key: `env:NAME` or `file:PATH`." }),
  meters: z
    .partialRecord(z.enum(usageBuckets), z.string().min(1))
    .default({})
    .meta({ description: 'Event name of the meter of each bucket of usage; buckets without one are not sent.' }),
  invoiceItems: z
    .boolean()
    .default(false)
    .meta({ description: 'Instead of meter events, the amounts of closed invoices and credit notes are sent.' }),
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
export const exportSchema = z.discriminatedUnion('type', [stripeSchema, cloudEventsSchema]).check((context) => {
  const { value } = context;
  if (value.type !== 'stripe') return;
  const hasMeters = Object.keys(value.meters).length > 0;
  if (hasMeters !== value.invoiceItems) return;
  const message = hasMeters
    ? 'Use that is metered must not be billed by our invoices as well: name meters, or set invoiceItems.'
    : 'must name at least one meter, or set invoiceItems.';
  context.issues.push({ code: 'custom', message, path: ['meters'], input: value.meters });
});

/** A configured export. */
export type ExportConfig = z.infer<typeof exportSchema>;
