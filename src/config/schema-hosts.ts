import { z } from 'zod';
import { hostProtocols } from '../domain/calls/dialect.ts';
import { secretReference } from './secret-reference.ts';

const positiveMs = z.int().positive().max(86_400_000);

/** Timers of a host; absent ones take the defaults. */
const timeoutsSchema = z
  .strictObject({
    connectMs: positiveMs.default(5000).meta({ description: 'Dial to connected.' }),
    firstTokenMs: positiveMs.default(60_000).meta({ description: 'Streams: request sent to first content.' }),
    idleMs: positiveMs.default(60_000).meta({ description: 'Silence in the middle of an answer.' }),
    totalMs: positiveMs.default(900_000).meta({ description: 'Admission to end of the exchange.' }),
  })
  .meta({ description: 'Timers of calls to this host, in milliseconds.' });

const awsAuth = z.strictObject({
  type: z.literal('aws'),
  region: z.string().min(1).meta({ description: 'Region of Bedrock, for example `eu-central-1`.' }),
  accessKeyId: secretReference,
  secretAccessKey: secretReference,
  sessionToken: secretReference.optional(),
});

const googleAuth = z.strictObject({
  type: z.literal('google'),
  credentials: secretReference.meta({ description: 'Service account key, as JSON.' }),
  project: z.string().min(1).meta({ description: 'Project of the account.' }),
  location: z.string().min(1).meta({ description: 'Location of Vertex AI, for example `us-central1` or `global`.' }),
  tokenUrl: z
    .url()
    .default('https://oauth2.googleapis.com/token')
    .meta({ description: 'Where access tokens come from.' }),
});

const azureAuth = z.strictObject({
  type: z.literal('azure'),
  apiVersion: z.string().min(1).meta({ description: 'Version of the API, for example `2024-10-21`.' }),
  apiKey: secretReference.optional(),
  bearer: secretReference.optional(),
});

/** Credentials in an address would be shown wherever the address is. */
function isPlainHttp(text: string): boolean {
  if (!URL.canParse(text)) return true; // told already
  const { protocol, username, password } = new URL(text);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}

/** One entry of `hosts`. */
export const hostSchema = z
  .strictObject({
    protocol: z.enum(hostProtocols).optional().meta({ description: 'Needed unless the host is a known one.' }),
    baseUrl: z
      .url()
      .refine(
        isPlainHttp,
        'must begin with http:// or https:// and hold no credentials; those are references in apiKey',
      )
      .optional()
      .meta({ description: 'Includes the version segment, for example `https://api.openai.com/v1`.' }),
    apiKey: secretReference.optional(),
    auth: z
      .discriminatedUnion('type', [awsAuth, googleAuth, azureAuth])
      .optional()
      .meta({ description: 'Credentials of the clouds, in place of `apiKey`; `type` says which.' }),
    timeouts: timeoutsSchema.prefault({}),
    headers: z.record(z.string(), z.string()).default({}).meta({ description: 'Extra headers on every call.' }),
    maxConnections: z
      .int()
      .positive()
      .max(65_536)
      .default(4096)
      .meta({ description: 'Most connections to the host; further calls wait or go elsewhere.' }),
    dataPolicy: z.enum(['no-training', 'no-retention']).optional().meta({
      description: 'What the host promised about data: not trained on, or not even kept. Jobs may demand it.',
    }),
    allowPrivateAddress: z.boolean().default(true).meta({
      description: 'Whether the base URL may resolve to a private or loopback address; link-local is always refused.',
    }),
  })
  .meta({ description: 'Who serves models: address, credentials, timers.' });
