import { z } from 'zod';
import { parseUsdAsNanos } from '../domain/money/money.ts';
import { isRuleProblem, readSuccessRule } from '../domain/outcomes/success-rule.ts';
import { cascadeSchema } from './schema-cascade.ts';
import { usdText } from './usd-text.ts';

const amountText = usdText('0.05');

const tokens = z.int().positive().max(100_000_000);
const waitMs = z.int().positive().max(3_600_000);

const constraintsSchema = z.strictObject({
  capabilities: z
    .array(z.enum(['tools', 'images', 'audio', 'documents', 'jsonSchema', 'reasoning']))
    .max(6)
    .default([])
    .meta({ description: 'What every endpoint must be able to do; one that states it cannot is left out.' }),
  contextTokens: tokens.optional().meta({ description: 'Least context window; a smaller one is left out.' }),
  regions: z
    .array(z.string().min(1).max(64))
    .min(1)
    .max(64)
    .optional()
    .meta({ description: 'Where it may be computed; a host that does not say where it computes is left out.' }),
  dataPolicy: z.enum(['no-training', 'no-retention']).optional().meta({
    description: 'What hosts must promise about data; one whose `dataPolicy` does not promise it is left out.',
  }),
  inputUsdPerMillion: amountText.optional().meta({ description: 'Highest price of a million input tokens.' }),
  outputUsdPerMillion: amountText.optional().meta({ description: 'Highest price of a million output tokens.' }),
  latency: z
    .strictObject({
      percentile: z.int().min(1).max(99).default(95).meta({ description: 'Share of answers that must be in time.' }),
      firstTokenMs: waitMs.meta({ description: 'Longest wait for the first token at that percentile.' }),
    })
    .optional()
    .meta({ description: 'Endpoints measured to be slower are left out, as long as one is not.' }),
});

const samplesSchema = z.strictObject({
  keep: z.int().min(1).max(2000).default(200).meta({ description: 'So many of the newest ones.' }),
  compare: z.enum(['exact', 'normalised', 'numeric', 'choice']).default('normalised').meta({
    description: 'How an answer is held against one that was a success.',
  }),
  nightlyShare: z.number().min(0).max(0.01).default(0).meta({
    description:
      "Evaluates the job's models on them every night, for at most this share of the job's spend of the day.",
  }),
});

const valueSchema = z
  .strictObject({
    lowUsd: amountText.meta({ description: 'At least.' }),
    midUsd: amountText.meta({ description: 'Most likely: what choices are weighed by.' }),
    highUsd: amountText.meta({ description: 'At most.' }),
  })
  .refine(({ lowUsd, midUsd, highUsd }) => isAscending([lowUsd, midUsd, highUsd]), {
    error: 'lowUsd, midUsd and highUsd must not fall',
  });

/** What the operator says to the model on every request of a job. */
export const promptSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'has up to 64 letters, digits, dots, dashes and underscores')
    .meta({ description: 'Its versions are this name with the digest of the text, for example `tone@1f0c3d9e5a7b`.' }),
  instructions: z.string().min(1).max(50_000).meta({
    description: "System text that stands before the client's own; it is in no record, only the version is.",
  }),
});

/** One entry of `jobs`: a recurring kind of work. */
export const jobSchema = z
  .strictObject({
    description: z.string().max(4000).default('').meta({ description: 'What the job is, for people and for `auto`.' }),
    models: z
      .array(z.string().min(1).max(512))
      .min(1)
      .max(64)
      .meta({ description: 'Candidate models, cheapest first when in doubt.' }),
    examples: z
      .array(z.string().min(1).max(8000))
      .max(200)
      .default([])
      .meta({ description: 'Requests of this kind, by which the model `auto` recognises the job.' }),
    prompt: promptSchema.optional().meta({
      description: 'Instructions that every request of the job gets; a new version may come in by a rollout.',
    }),
    constraints: constraintsSchema.prefault({}).meta({ description: 'What an endpoint must meet to be a candidate.' }),
    success: z.string().min(1).max(2000).optional().meta({
      description: 'Rule over outcomes that says when an answer was a success.',
    }),
    value: valueSchema.optional().meta({ description: 'What one success is worth: low, middle and high estimate.' }),
    costWeight: z.number().min(0).max(10_000).default(1).meta({
      description: 'Without `value`: how much cost counts. At 1, five points of success are worth the usual cost.',
    }),
    secondUsd: amountText.optional().meta({ description: 'What a second of waiting costs.' }),
    floor: z
      .strictObject({
        incumbent: z.string().min(1).meta({ description: 'The candidate that does the job today.' }),
        margin: z.number().min(0).max(1).default(0.02).meta({ description: 'Points of success that may be lost.' }),
      })
      .optional()
      .meta({ description: 'Nothing is chosen that may be worse than the incumbent by more than the margin.' }),
    exploration: z
      .strictObject({
        maxShare: z.number().min(0).max(0.5).default(0.02).meta({
          description: "Most that trying others may cost more than the best choice, as a share of the job's spend.",
        }),
        usdPerDay: amountText.optional().meta({ description: 'And at most so much in a day (UTC).' }),
      })
      .optional()
      .meta({ description: 'Without it nothing but the best choice is ever taken.' }),
    cascade: cascadeSchema.optional().meta({
      description: 'A cheap model answers first, and a stronger one when a verifier turns that answer down.',
    }),
    samples: samplesSchema.optional().meta({
      description:
        'Keeps the newest requests with their answers, texts included, to evaluate models on (`--items logged`).',
    }),
    critical: z.boolean().default(false).meta({ description: 'true: never explored, never below the floor.' }),
  })
  .superRefine(({ models, floor, exploration, critical, success, cascade }, context) => {
    const rule = success === undefined ? undefined : readSuccessRule(success);
    if (rule && isRuleProblem(rule)) {
      const message = `${rule.problem} (at character ${rule.at + 1})`;
      context.addIssue({ code: 'custom', path: ['success'], message });
    }
    if (floor && !models.includes(floor.incumbent))
      context.addIssue({ code: 'custom', path: ['floor', 'incumbent'], message: 'must be one of the models' });
    const stages = cascade === undefined || cascade.models === 'auto' ? [] : cascade.models;
    if (!stages.every((stage) => models.includes(stage)))
      context.addIssue({ code: 'custom', path: ['cascade', 'models'], message: 'must be among the models of the job' });
    if (new Set(models).size < models.length)
      context.addIssue({ code: 'custom', path: ['models'], message: 'names a model twice' });
    if (critical && exploration && exploration.maxShare > 0)
      context.addIssue({ code: 'custom', path: ['exploration'], message: 'a critical job is never explored' });
  });

/** One entry of `jobs` with every default filled in. */
export type JobConfig = z.infer<typeof jobSchema>;

/** A prompt as it is written. */
export type PromptConfig = z.infer<typeof promptSchema>;

function isAscending(texts: readonly string[]): boolean {
  const amounts = texts.map((text) => parseUsdAsNanos(text) ?? -1n);
  return amounts.every((amount, at) => at === 0 || amount >= (amounts[at - 1] ?? 0n));
}
