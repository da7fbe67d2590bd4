import { z } from 'zod';
import { Fault } from '../../domain/faults/fault.ts';
import type { NewSandbox } from '../../runtime/index.ts';
import { type Refusal, UnsupportedError } from './refusals.ts';

const seconds = z.number().min(0).max(100_000_000);
const text = (most: number): z.ZodString =>
  z
    .string()
    .max(most)
    .regex(/^[^\0]*$/, 'must not hold NUL');
const pairs = z.record(text(512), text(32_768)).refine((value) => Object.keys(value).length <= 256, 'has too many');
const list = z.array(z.unknown()).nullish();

const createSchema = z.object({
  templateID: text(256).default('base'),
  timeout: seconds.nullish(),
  metadata: pairs.nullish(),
  envVars: z.record(z.string().regex(/^[^=\0]{1,256}$/), text(131_072)).nullish(),
  allow_internet_access: z.boolean().nullish(),
  autoPause: z.boolean().nullish(),
  autoResume: z.object({ enabled: z.boolean() }).nullish(),
  volumeMounts: list,
  mcp: z.unknown().optional(),
  iam: z.unknown().optional(),
  network: z
    .object({
      allowOut: list,
      denyOut: list,
      rules: z.unknown().optional(),
      egressProxy: z.unknown().optional(),
      maskRequestHost: z.unknown().optional(),
      httpsPorts: list,
      allowPublicTraffic: z.boolean().nullish(),
    })
    .nullish(),
});

const timeSchema = z.object({ timeout: seconds.nullish() });

type CreateBody = z.output<typeof createSchema>;

/** Templates that exist without being built; they are the same sandbox. */
const templates: readonly string[] = ['base', 'code-interpreter-v1'];

/** Reads what a sandbox is asked for with. Throws what is wrong or not supported. */
export function readCreate(body: unknown): NewSandbox {
  const wanted = check(createSchema, body);
  const refusal = refusalOf(wanted);
  if (refusal) throw new UnsupportedError(refusal);
  if (!templates.includes(wanted.templateID)) {
    const message = `There is no template "${wanted.templateID}"; those there are: ${templates.join(', ')}.`;
    throw new Fault('not_found', { message, param: 'templateID' });
  }
  return {
    template: wanted.templateID,
    ttlMs: toMs(wanted.timeout),
    metadata: wanted.metadata ?? undefined,
    environment: wanted.envVars ?? undefined,
    onTimeout: wanted.autoPause === true ? 'pause' : 'kill',
    autoResume: wanted.autoResume?.enabled,
    publicTraffic: wanted.network?.allowPublicTraffic ?? undefined,
  };
}

/** The time that a sandbox is given, in milliseconds; undefined when the body names none. */
export function readTtl(body: unknown): number | undefined {
  return toMs(check(timeSchema, body).timeout);
}

function toMs(value: number | null | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Math.round(value * 1000);
}

const everywhere = '0.0.0.0/0';

function refusalOf({ templateID, mcp, iam, volumeMounts, network, ...wanted }: CreateBody): Refusal | undefined {
  if (mcp !== undefined && mcp !== null) return 'mcp';
  if (templateID === 'mcp-gateway') return 'mcp';
  if (iam !== undefined && iam !== null) return 'iam';
  if (isFilled(volumeMounts)) return 'volumes';
  // That all is denied is how it is.
  const opens = wanted.allow_internet_access === true || isFilled(network?.allowOut) || isFilled(network?.httpsPorts);
  const denies = isFilled(network?.denyOut) && !(network?.denyOut ?? []).includes(everywhere);
  const rules = [network?.rules, network?.egressProxy, network?.maskRequestHost];
  return opens || denies || rules.some(isFilled) ? 'network' : undefined;
}

function isFilled(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function check<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const read = schema.safeParse(body ?? {});
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const param = issue?.path.join('.') ?? '';
  throw new Fault('invalid_request', { message: `\`${param || 'body'}\`: ${issue?.message ?? 'is wrong'}.`, param });
}
