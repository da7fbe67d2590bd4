import { z } from 'zod';
import { hostSchema } from './schema-hosts.ts';
import { jobSchema, modelSchema } from './schema-models.ts';
import { secretReference } from './secret-reference.ts';

const byteCount = z.int().positive();

/** One entry of `keys`. */
export const keySchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores'),
  secret: secretReference,
  models: z
    .array(z.string().min(1))
    .default(['*'])
    .meta({ description: 'Allowed models; `*` matches any run of characters.' }),
  customer: z.string().min(1).default('default'),
  metered: z.boolean().default(true).meta({ description: 'The end of an answer waits until its fact is durable.' }),
  onClientGone: z.enum(['cancel', 'drain']).default('cancel'),
  limits: z
    .strictObject({
      requestsPerMinute: z.int().positive().optional(),
      tokensPerMinute: z.int().positive().optional(),
      concurrent: z.int().positive().optional(),
    })
    .default({}),
  cache: z.enum(['off', 'deterministic', 'all']).default('off').meta({
    description: 'Exact response cache: off, only calls with temperature 0, or all calls without tools.',
  }),
  storeResponses: z.boolean().default(true),
});

const serverSchema = z.strictObject({
  host: z.string().default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(8787),
  maxBodyBytes: byteCount.default(32 * 1024 * 1024),
  maxHeaderBytes: byteCount.default(32 * 1024),
  headersTimeoutMs: z.int().positive().default(10_000),
  bodyTimeoutMs: z.int().positive().default(60_000),
  maxJsonDepth: z.int().positive().default(128),
  maxConcurrent: z.int().positive().default(10_000),
  drainMs: z.int().min(0).default(30_000).meta({ description: 'Grace for running streams at shutdown.' }),
  keepaliveMs: z
    .int()
    .positive()
    .default(15_000)
    .meta({ description: 'Silence before a keepalive goes to the client.' }),
  clientStallMs: z.int().positive().default(60_000),
  corsOrigins: z.array(z.string()).default([]),
});

const journalSchema = z.strictObject({
  durability: z.enum(['durable', 'relaxed']).default('durable'),
  retentionDays: z.int().positive().default(30),
});

const networkSchema = z.strictObject({
  proxy: z.url().optional().meta({ description: 'Default: HTTPS_PROXY.' }),
  noProxy: z.array(z.string()).optional().meta({ description: 'Default: NO_PROXY.' }),
  caFile: z.string().optional().meta({ description: 'PEM file with additional certificate authorities.' }),
});

const cacheSchema = z.strictObject({
  maxBytes: byteCount.default(256 * 1024 * 1024),
  ttlSeconds: z.int().positive().default(3600),
});

/** The whole of `switchyard.yaml`: validation, reference page and JSON Schema come from here. */
export const configSchema = z.strictObject({
  hosts: z.record(z.string().regex(/^[a-z0-9][a-z0-9._-]*$/), hostSchema).default({}),
  models: z.record(z.string().min(1), modelSchema).default({}),
  aliases: z.record(z.string().min(1), z.string().min(1)).default({}).meta({ description: 'Other names for models.' }),
  jobs: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]*$/), jobSchema).default({}),
  keys: z.array(keySchema).default([]),
  server: serverSchema.prefault({}),
  journal: journalSchema.prefault({}),
  network: networkSchema.prefault({}),
  cache: cacheSchema.prefault({}),
  responses: z.strictObject({ store: z.boolean().default(true) }).prefault({}),
  log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info') }).prefault({}),
  telemetry: z
    .strictObject({
      otlpEndpoint: z
        .url()
        .optional()
        .meta({ description: 'OpenTelemetry collector, OTLP over HTTP. Default: OTEL_EXPORTER_OTLP_ENDPOINT.' }),
      otlpHeaders: secretReference.optional().meta({
        description: 'Headers for the collector, `name=value,name=value`. Default: OTEL_EXPORTER_OTLP_HEADERS.',
      }),
      sampleRatio: z.number().min(0).max(1).default(1).meta({
        description: "Share of traces to send; a caller's own sampling decision is kept.",
      }),
      forwardTraceparent: z.boolean().default(false).meta({
        description: 'Continue the trace at the upstream: it then sees the trace id.',
      }),
    })
    .prefault({}),
  discovery: z
    .strictObject({
      local: z.boolean().default(true).meta({
        description: 'Look for model servers on their default ports of this machine, at start and every 30 seconds.',
      }),
    })
    .prefault({}),
});

/** A validated configuration with every default filled in. */
export type Config = z.infer<typeof configSchema>;
/** One entry of `hosts`. */
export type HostConfig = Config['hosts'][string];
/** One entry of `models`. */
export type ModelConfig = Config['models'][string];
/** One entry of `keys`. */
export type KeyConfig = Config['keys'][number];
/** How far requests for a model may go. */
export type PolicyConfig = ModelConfig['policy'];
