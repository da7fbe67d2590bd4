import { z } from 'zod';
import { databaseSchema, sharedRatesSchema } from './schema-database.ts';
import { catalogSchema } from './schema-catalog.ts';
import { exportSchema } from './schema-exports.ts';
import { hostSchema } from './schema-hosts.ts';
import { jobSchema } from './schema-jobs.ts';
import { modelSchema } from './schema-models.ts';
import { budgetSchema, customerSchema, organisationSchema, ownBudgetSchema, rateLimitSchema } from './schema-money.ts';
import { planSchema } from './schema-plans.ts';
import { contractSchema } from './schema-prices.ts';
import { computeSchema } from './schema-compute.ts';
import { routingSchema } from './schema-routing.ts';
import { runtimeSchema } from './schema-runtime.ts';
import { sandboxesSchema } from './schema-sandboxes.ts';
import { secretReference } from './secret-reference.ts';

const byteCount = z.int().positive();
const lowerCaseName = 'must be a name of lower-case letters, digits, dots, dashes and underscores';

/** One entry of `keys`. */
const keySchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores')
    .meta({ description: 'Appears in records, metrics and logs.' }),
  secret: secretReference.meta({ description: 'What clients send as their API key: `env:NAME` or `file:PATH`.' }),
  models: z
    .array(z.string().min(1))
    .default(['*'])
    .meta({ description: 'Allowed models; `*` matches any run of characters.' }),
  customer: z.string().min(1).default('default').meta({ description: 'Whom the requests of this key belong to.' }),
  project: z.string().min(1).optional().meta({ description: 'Which part of the customer its requests belong to.' }),
  budget: ownBudgetSchema.optional().meta({ description: 'What the key may spend.' }),
  metered: z.boolean().default(true).meta({ description: 'The end of an answer waits until its fact is durable.' }),
  onClientGone: z.enum(['cancel', 'drain']).default('cancel').meta({
    description: 'When the client leaves: cancel the upstream call, or read on to learn its true usage.',
  }),
  limits: z
    .strictObject({
      requestsPerMinute: z.int().positive().optional().meta({ description: 'Requests in any minute.' }),
      tokensPerMinute: z.int().positive().optional().meta({ description: 'Input and output tokens in any minute.' }),
      concurrent: z.int().positive().optional().meta({ description: 'Requests running at once.' }),
    })
    .default({})
    .meta({ description: 'Beyond them requests are refused with 429 and a Retry-After; absent ones do not limit.' }),
  cache: z.enum(['off', 'deterministic', 'all']).default('off').meta({
    description: 'Exact response cache: off, only calls with temperature 0, or all calls without tools.',
  }),
  storeResponses: z
    .boolean()
    .default(true)
    .meta({ description: 'Whether responses of this key are kept for `previous_response_id`.' }),
});

const serverSchema = z.strictObject({
  host: z
    .string()
    .default('127.0.0.1')
    .meta({ description: 'Address to listen on; a public one needs at least one key.' }),
  port: z.int().min(0).max(65_535).default(8787).meta({ description: 'Port to listen on; 0 takes any free one.' }),
  maxBodyBytes: byteCount.default(32 * 1024 * 1024).meta({ description: 'Largest body of a request.' }),
  maxHeaderBytes: byteCount.default(32 * 1024).meta({ description: 'Largest head of a request.' }),
  headersTimeoutMs: z.int().positive().default(10_000).meta({ description: 'Longest wait for the head of a request.' }),
  bodyTimeoutMs: z.int().positive().default(60_000).meta({ description: 'Longest wait for the body of a request.' }),
  maxJsonDepth: z.int().positive().default(128).meta({ description: 'Deepest nesting of a body.' }),
  maxConcurrent: z
    .int()
    .positive()
    .default(10_000)
    .meta({ description: 'Requests running at once; further ones get 503.' }),
  drainMs: z.int().min(0).default(30_000).meta({ description: 'Grace for running streams at shutdown.' }),
  keepaliveMs: z
    .int()
    .positive()
    .default(15_000)
    .meta({ description: 'Silence before a keepalive goes to the client.' }),
  clientStallMs: z
    .int()
    .positive()
    .default(60_000)
    .meta({ description: 'A client that takes no byte for this long is gone.' }),
  corsOrigins: z
    .array(z.string())
    .default([])
    .meta({ description: 'Origins of web pages that may call; none unless listed.' }),
});

const journalSchema = z.strictObject({
  durability: z.enum(['durable', 'relaxed']).default('durable').meta({
    description: 'durable: a fact is on disk before the answer ends. relaxed: synced every 50 ms, nobody waits.',
  }),
  retentionDays: z.int().positive().default(30).meta({ description: 'How long facts are kept.' }),
  minFreeMebibytes: z.int().positive().max(1_000_000_000).default(256).meta({
    description: 'Requests are refused while the volume has less free than this, or than a minute of facts needs.',
  }),
});

const networkSchema = z.strictObject({
  proxy: z.url().optional().meta({ description: 'Default: HTTPS_PROXY.' }),
  noProxy: z.array(z.string()).optional().meta({ description: 'Default: NO_PROXY.' }),
  caFile: z.string().optional().meta({ description: 'PEM file with additional certificate authorities.' }),
  circuit: z
    .strictObject({
      windowMs: z.int().min(100).max(600_000).default(30_000).meta({
        description: 'Five faults that are half of the attempts in this time close an endpoint off.',
      }),
      openMs: z.int().min(100).max(600_000).default(30_000).meta({
        description: 'For so long, and longer when the next attempt fails as well.',
      }),
    })
    .prefault({})
    .meta({ description: 'When a failing endpoint is left alone.' }),
  mediaAllowPrivate: z.boolean().default(false).meta({
    description: 'Whether media that requests name by URL may be fetched from private and loopback addresses.',
  }),
});

const cacheSchema = z.strictObject({
  maxBytes: byteCount.default(256 * 1024 * 1024).meta({ description: 'Memory for cached answers, over all keys.' }),
  ttlSeconds: z.int().positive().default(3600).meta({ description: 'How long an answer may be reused.' }),
});

/** The whole of `switchyard.yaml`: validation, reference page and JSON Schema come from here. */
export const configSchema = z.strictObject({
  hosts: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, lowerCaseName), hostSchema)
    .default({})
    .meta({ description: 'Who serves models. Known hosts whose key is in the environment need no entry.' }),
  models: z
    .record(z.string().min(1), modelSchema)
    .default({})
    .meta({ description: 'Names that clients ask for, and the endpoints behind them.' }),
  aliases: z.record(z.string().min(1), z.string().min(1)).default({}).meta({ description: 'Other names for models.' }),
  jobs: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be a name of lower-case letters, digits and dashes'),
      jobSchema,
    )
    .default({})
    .meta({
      description: 'Recurring kinds of work, asked for as `job/NAME`; routing learns which model does them well.',
    }),
  routing: routingSchema.prefault({}).meta({ description: 'How prompts are read when a model is chosen for a job.' }),
  contracts: z.array(contractSchema).default([]).meta({
    description: 'What was agreed with hosts beside their list prices; of those that hold the last wins.',
  }),
  plans: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, lowerCaseName), planSchema)
    .default({})
    .meta({ description: 'What customers pay. A customer without a plan pays what its requests cost.' }),
  organisation: organisationSchema.prefault({}).meta({ description: 'Whoever runs this gateway and bills customers.' }),
  customers: z
    .array(customerSchema)
    .default([])
    .meta({ description: 'Who is billed. A customer that only keys name needs no entry.' }),
  budgets: z
    .array(budgetSchema)
    .default([])
    .meta({ description: 'What may be spent; a request must fit all that apply to it.' }),
  rateLimits: z
    .array(rateLimitSchema)
    .default([])
    .meta({ description: 'How fast; beyond them requests are refused with 429 and a Retry-After.' }),
  keys: z
    .array(keySchema)
    .default([])
    .meta({ description: 'Who may call. Without any, only this machine may, without a key.' }),
  runtime: runtimeSchema,
  compute: computeSchema,
  sandboxes: sandboxesSchema,
  server: serverSchema.prefault({}).meta({ description: 'Where clients reach the product, and its limits.' }),
  journal: journalSchema.prefault({}).meta({ description: 'The durable record of every request.' }),
  database: databaseSchema,
  network: networkSchema.prefault({}).meta({ description: 'How hosts are reached.' }),
  cache: cacheSchema.prefault({}).meta({ description: 'The exact response cache, for keys that turn it on.' }),
  responses: z
    .strictObject({ store: z.boolean().default(true).meta({ description: 'false turns it off for all keys.' }) })
    .prefault({})
    .meta({ description: 'Stored responses, for `previous_response_id`.' }),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info')
        .meta({ description: 'From here upwards; JSON lines on stderr.' }),
    })
    .prefault({})
    .meta({ description: 'The log.' }),
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
    .prefault({})
    .meta({ description: 'Traces of requests; off without a collector.' }),
  catalog: catalogSchema.prefault({}).meta({ description: 'Catalogs of models and prices beside the shipped one.' }),
  sharedRates: sharedRatesSchema.optional(),
  exports: z
    .array(exportSchema)
    .default([])
    .meta({ description: 'Other systems that are told what was used; needs the database.' }),
  discovery: z
    .strictObject({
      local: z.boolean().default(true).meta({
        description: 'Look for model servers on their default ports of this machine, at start and every 30 seconds.',
      }),
    })
    .prefault({})
    .meta({ description: 'Hosts that are found without being configured.' }),
});

/** A validated configuration with every default filled in. */
export type Config = z.infer<typeof configSchema>;
/** One entry of `hosts`. */
export type HostConfig = Config['hosts'][string];
/** One entry of `models`. */
export type ModelConfig = Config['models'][string];
/** How far requests for a model may go. */
export type PolicyConfig = ModelConfig['policy'];
