import { z } from 'zod';
import { usdText } from './usd-text.ts';

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores');

const timeZone = z.string().refine(isTimeZone, 'must be an IANA time zone, for example Europe/Berlin');

const scope = z.enum(['key', 'endUser', 'job', 'project', 'customer', 'organisation']);

const period = z
  .enum(['day', 'week', 'month', 'lifetime'])
  .default('month')
  .meta({ description: 'When it starts anew, by the calendar of the customer, else of the organisation.' });

const hard = z.boolean().default(true).meta({
  description: 'true: nothing is spent beyond it. false: only a notice when it is passed.',
});

const limitUsd = usdText('5.00').meta({ description: 'Most that may be spent in a period, in USD.' });

const scopedName = z
  .string()
  .min(1)
  .default('*')
  .meta({ description: 'Whom it limits; `*` gives each one of the scope a limit of its own.' });

const ofCustomer = z.string().min(1).optional().meta({ description: 'Only within this customer.' });

/** One entry of `budgets`. */
export const budgetSchema = z.strictObject({
  scope: scope.meta({ description: 'What is limited.' }),
  name: scopedName,
  customer: ofCustomer,
  limitUsd,
  period,
  hard,
  timeZone: timeZone.optional().meta({ description: "Default: the customer's, else the organisation's." }),
});

/** The budget of a key or a customer, where its name is clear. */
export const ownBudgetSchema = z.strictObject({ limitUsd, period, hard });

const rates = {
  requestsPerMinute: z.int().positive().optional().meta({ description: 'Requests in any minute.' }),
  tokensPerMinute: z.int().positive().optional().meta({ description: 'Input and output tokens in any minute.' }),
  concurrent: z.int().positive().optional().meta({ description: 'Requests running at once.' }),
};

/** One entry of `rateLimits`. */
export const rateLimitSchema = z.strictObject({
  scope: scope.meta({ description: 'What is limited.' }),
  name: scopedName,
  customer: ofCustomer,
  ...rates,
});

/** One entry of `customers`. */
export const customerSchema = z.strictObject({
  name: name.meta({ description: 'What keys refer to; appears in records and on invoices.' }),
  displayName: z.string().min(1).optional().meta({ description: 'Its name for people.' }),
  timeZone: timeZone.optional().meta({ description: "Calendar of its days and months. Default: the organisation's." }),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be three capital letters')
    .optional()
    .meta({ description: 'Currency of its invoices.' }),
  models: z.array(z.string().min(1)).optional().meta({
    description: 'Models that its keys may use at most; `*` matches any run of characters.',
  }),
  plan: z.string().min(1).optional().meta({ description: 'Name of its plan; without one it pays the cost.' }),
  budget: ownBudgetSchema.optional().meta({ description: 'What it may spend.' }),
  limits: z.strictObject(rates).optional().meta({ description: 'Over all its keys together.' }),
});

/** `organisation`: whoever runs the product. */
export const organisationSchema = z.strictObject({
  name: z.string().min(1).default('default').meta({ description: 'Its name, on invoices.' }),
  timeZone: timeZone.default('UTC').meta({ description: 'Calendar of customers without one of their own.' }),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be three capital letters')
    .default('USD')
    .meta({ description: 'Currency of invoices where a customer has none of its own.' }),
});

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    // Intl throws a RangeError for unknown names: that is the answer.
    return false;
  }
}
