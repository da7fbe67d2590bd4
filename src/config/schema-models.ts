import { z } from 'zod';
import { priceSchema } from './schema-prices.ts';

/** One entry of `models.*.endpoints`. */
const endpointSchema = z.strictObject({
  host: z
    .string()
    .min(1)
    .meta({ description: 'Name of a host: one of `hosts`, or a known one whose key is in the environment.' }),
  model: z.string().min(1).meta({ description: 'Name of the model at the host.' }),
  price: priceSchema.optional(),
  weight: z.number().min(0).max(1_000_000).default(1).meta({ description: 'Share of traffic among equal endpoints.' }),
  contextTokens: z
    .int()
    .positive()
    .optional()
    .meta({ description: 'Size of the context window; longer prompts do not go here.' }),
  maxOutputTokens: z.int().positive().optional().meta({ description: 'Most tokens the model can write.' }),
  capabilities: z
    .strictObject({
      tools: z.boolean().optional().meta({ description: 'Calls tools.' }),
      images: z.boolean().optional().meta({ description: 'Reads images.' }),
      audio: z.boolean().optional().meta({ description: 'Reads audio.' }),
      documents: z.boolean().optional().meta({ description: 'Reads documents such as PDF.' }),
      jsonSchema: z.boolean().optional().meta({ description: 'Answers by a JSON Schema.' }),
      reasoning: z.boolean().optional().meta({ description: 'Takes settings for reasoning.' }),
      assistantPrefill: z
        .boolean()
        .optional()
        .meta({ description: 'Continues an answer that is given to it half done.' }),
      countTokens: z.boolean().optional().meta({ description: 'Counts tokens of a prompt.' }),
    })
    .default({})
    .meta({ description: 'Only a stated `false` excludes the endpoint.' }),
});

/** How far a request may go to get an answer. */
export const policySchema = z.strictObject({
  maxAttempts: z
    .int()
    .min(1)
    .max(10)
    .default(4)
    .meta({ description: 'Most upstream calls for one request, at all endpoints together.' }),
  fallback: z.boolean().default(true).meta({ description: 'Try other endpoints after a fault.' }),
  maxWaitMs: z.int().min(0).max(60_000).default(2000).meta({ description: 'Longest wait for a cooling endpoint.' }),
  contextFallback: z
    .boolean()
    .default(true)
    .meta({ description: 'Too long a prompt goes to a larger context window.' }),
  refusalFallback: z
    .boolean()
    .default(false)
    .meta({ description: 'A content filter of one host is not the last word.' }),
  continuation: z
    .enum(['off', 'same_model', 'any'])
    .default('off')
    .meta({ description: 'Continue a cut stream on another endpoint by assistant prefill.' }),
  hedge: z
    .boolean()
    .default(false)
    .meta({ description: 'Ask a second host when the first is slower than its own p95.' }),
});

/** One entry of `models`. */
export const modelSchema = z.strictObject({
  endpoints: z
    .array(endpointSchema)
    .min(1)
    .meta({ description: 'Who serves the model; equal endpoints share by weight.' }),
  fallback: z.array(z.string().min(1)).default([]).meta({ description: 'Models to try after this one, in order.' }),
  policy: policySchema.prefault({}).meta({ description: 'How far a request for this model may go to get an answer.' }),
});
