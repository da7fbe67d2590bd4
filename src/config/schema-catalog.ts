import { z } from 'zod';

/** Formats of catalogs that can be read; the catalog module keeps the same list. */
const formats = ['litellm', 'models.dev', 'openrouter', 'genai-prices', 'portkey', 'langfuse'] as const;

/** The `catalog` section: whose prices are asked for, and how often. */
export const catalogSchema = z.strictObject({
  sources: z
    .array(
      z.strictObject({
        url: z
          .url({ protocol: /^https?$/ })
          .meta({ description: 'Where the catalog is published, JSON or gzipped JSON.' }),
        format: z.enum(formats).optional().meta({ description: 'Default: recognized by its rows.' }),
        provider: z.string().min(1).optional().meta({ description: 'Host of a file that holds only one.' }),
      }),
    )
    .max(20)
    .default([])
    .meta({ description: 'Catalogs that are polled; a price moves when two of them say so. None unless listed.' }),
  refreshHours: z.int().min(1).max(720).default(24).meta({ description: 'Hours between two polls.' }),
});
