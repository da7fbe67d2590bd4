import { z } from 'zod';

/** `routing`: how prompts are read when a model is chosen for a job. */
export const routingSchema = z.strictObject({
  features: z
    .strictObject({
      model: z.string().min(1).max(512).meta({
        description: 'An embeddings model of this gateway; another one starts learning about single prompts anew.',
      }),
      timeoutMs: z.int().min(10).max(5_000).default(200).meta({
        description: 'Longest that a request waits for it; then the prompt is read by its words.',
      }),
      cacheEntries: z.int().min(0).max(100_000).default(10_000).meta({
        description: 'Prompts that are remembered, about 1 KiB each; digests of texts, never the texts.',
      }),
    })
    .optional()
    .meta({
      description: 'Reads prompts by an embeddings model in place of their words; taken at the start of the gateway.',
    }),
});

/** `routing` with every default filled in. */
export type RoutingConfig = z.infer<typeof routingSchema>;
