import { z } from 'zod';

/** Language of tests that a job brings along; the runtime says which it has. */
const languageName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be the name of a language');

/** `cascade` of a job: a cheap model answers first, and a verifier says whether its answer is delivered. */
export const cascadeSchema = z
  .strictObject({
    models: z
      .union([z.literal('auto'), z.array(z.string().min(1).max(512)).min(2).max(3)])
      .default('auto')
      .meta({ description: 'Who is asked in which order; `auto`: the pair that is worth most by what was learned.' }),
    verifier: z.enum(['schema', 'tests', 'http']).meta({
      description: 'What looks at an answer: the JSON Schema of the request, tests that run, or a service of your own.',
    }),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .optional()
      .meta({ description: 'The service that is asked with `verifier: http`.' }),
    language: languageName.optional().meta({ description: 'With `verifier: tests`: language of the tests.' }),
    tests: z.string().max(200_000).optional().meta({
      description: 'Tests of every answer; a request brings its own in the header x-switchyard-tests.',
    }),
    timeoutMs: z.int().min(100).max(60_000).default(10_000).meta({ description: 'Longest that a verdict may take.' }),
    maxVerifierErrorRate: z.number().min(0).max(0.5).default(0.15).meta({
      description: 'Above so many wrong verdicts, measured by outcomes, the best single model answers instead.',
    }),
    heldOutShare: z.number().min(0).max(0.5).default(0).meta({
      description: 'Share of requests, drawn at random, that one model answers alone: what the cascade is measured by.',
    }),
  })
  .superRefine(({ verifier, url, tests, language, models }, context) => {
    const issue = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    if (verifier === 'http' && url === undefined) issue('url', 'is needed with `verifier: http`');
    if (verifier !== 'http' && url !== undefined) issue('url', 'belongs to `verifier: http`');
    if (verifier !== 'tests' && (tests ?? language) !== undefined) issue('tests', 'belong to `verifier: tests`');
    if (tests !== undefined && language === undefined) issue('language', 'must say in which language the tests are');
    if (models !== 'auto' && new Set(models).size < models.length) issue('models', 'names a model twice');
  });

/** `cascade` of a job with every default filled in. */
export type CascadeConfig = z.infer<typeof cascadeSchema>;
