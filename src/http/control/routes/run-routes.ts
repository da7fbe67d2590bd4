import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import {
  allowsHost,
  isEgressRule,
  isolationTiers,
  type Limits,
  maximumLimits,
  type NetworkPolicy,
  type ProbeReport,
  type Receipt,
  runLanguages,
  runLines,
  type Runner,
  type RunRequest,
} from '../../../runtime/index.ts';
import { id } from '../framework/fields.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';

/** What running code is reached through. */
export interface RunViews {
  readonly runtime: {
    readonly runs: Runner & { find(runId: string): Promise<Receipt | undefined> };
    report(): Promise<ProbeReport>;
  };
}

const anyObject = z.record(z.string(), z.unknown());
const mostBodyBytes = 16 * 1024 * 1024;
const guestPath = z
  .string()
  .min(1)
  .max(512)
  .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\0]+$/, 'must be relative, without `..`');
const argument = z
  .string()
  .max(65_536)
  .regex(/^[^\0]*$/, 'must not hold NUL');

const limit = (most: number): z.ZodOptional<z.ZodInt> => z.int().min(1).max(most).optional();
const limitsSchema = z
  .strictObject({
    cpuMs: limit(maximumLimits.cpuMs),
    wallMs: limit(maximumLimits.wallMs),
    memoryBytes: limit(maximumLimits.memoryBytes),
    processes: limit(maximumLimits.processes),
    openFiles: limit(maximumLimits.openFiles),
    diskBytes: limit(maximumLimits.diskBytes),
    tmpBytes: limit(maximumLimits.tmpBytes),
    outputBytes: limit(maximumLimits.outputBytes),
    outputGraceMs: limit(maximumLimits.outputGraceMs),
  })
  .default({})
  .meta({ description: "Bounds of this run; absent ones are the configuration's." });

const networkSchema = z
  .strictObject({
    mode: z.enum(['denied', 'allowed']).optional().meta({ description: 'Follows from `allow` when absent.' }),
    allow: z
      .array(z.string().max(300))
      .max(200)
      .default([])
      .meta({ description: 'Names that may be reached: `example.com`, `*.example.com`, either with `:port`.' }),
    headers: z
      .array(
        z.strictObject({
          host: z.string().max(253),
          name: z.string().regex(/^[A-Za-z0-9-]{1,100}$/),
          value: z.string().regex(/^[\t\x20-\x7e]{1,8192}$/),
        }),
      )
      .max(50)
      .default([])
      .meta({
        description: 'Headers that are added on the way to a host, over TLS; the code never sees their values.',
      }),
    maxBytes: limit(4 * 1024 ** 3).meta({ description: 'Bytes of all connections together; 256 MiB when absent.' }),
  })
  .default({ allow: [], headers: [] })
  .meta({ description: 'What the code may reach, all of it through a proxy; nothing unless said.' });

const runSchema = z.strictObject({
  language: z.enum(runLanguages),
  code: z.string().max(4_000_000).optional().meta({ description: 'The program, instead of `files`.' }),
  files: z
    .array(
      z.strictObject({
        path: guestPath.meta({ description: 'Relative to the home folder.' }),
        content: z.string(),
        encoding: z.enum(['utf8', 'base64']).default('utf8'),
      }),
    )
    .max(1000)
    .default([]),
  entry: guestPath.optional().meta({ description: 'File to run; the first one when absent.' }),
  command: z.array(argument).min(1).max(256).optional().meta({ description: 'Instead of an entry.' }),
  arguments: z.array(argument).max(256).default([]),
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/), argument).default({}),
  stdin: z.string().max(8_000_000).optional(),
  limits: limitsSchema,
  network: networkSchema,
  minIsolation: z.enum(isolationTiers).exclude(['none']).optional().meta({
    description: 'The run is refused where isolation is weaker; never weaker than the configuration says.',
  }),
  requestId: id('req').optional().meta({ description: 'The request whose answer the code is; it gets the outcome.' }),
  tests: z.boolean().default(false).meta({ description: 'What runs are tests: its end says whether they passed.' }),
});

/** Routes that run code. */
export function runRoutes({ runtime }: RunViews): ControlRoute[] {
  return [createRun(runtime.runs), getRun(runtime.runs), getRuntime(runtime)];
}

function createRun(runs: Runner): ControlRoute {
  return route({
    operationId: 'createRun',
    method: 'post',
    path: '/runs',
    tag: 'runs',
    summary: 'Runs code in a fresh sandbox. Lines of JSON tell its output and, at the end, its receipt.',
    roles: ['owner', 'operator'],
    scope: 'organisation',
    audit: 'run.create',
    withoutDatabase: true,
    files: ['application/x-ndjson'],
    maxBodyBytes: mostBodyBytes,
    body: runSchema,
    answer: anyObject.meta({ description: 'Events, one object per line.' }),
    async handle({ body }, { signal }) {
      const running = await runs.run(toRequest(body), { signal });
      return {
        contentType: 'application/x-ndjson',
        content: runLines(running.events()),
        ownerId: undefined,
      };
    },
  });
}

function getRun(runs: RunViews['runtime']['runs']): ControlRoute {
  return route({
    operationId: 'getRun',
    method: 'get',
    path: '/runs/{runId}',
    tag: 'runs',
    summary: 'The receipt of a run: how it ended, what it used, how it was isolated.',
    roles: staff,
    scope: 'organisation',
    withoutDatabase: true,
    params: z.strictObject({ runId: id('run') }),
    answer: anyObject.meta({ description: 'The receipt.' }),
    async handle({ params }) {
      const receipt = await runs.find(params.runId);
      if (!receipt) throw new Fault('not_found', { message: `There is no run ${params.runId}, or it goes on.` });
      return { ...receipt };
    },
  });
}

function getRuntime(runtime: RunViews['runtime']): ControlRoute {
  return route({
    operationId: 'getRuntime',
    method: 'get',
    path: '/runtime',
    tag: 'runs',
    summary: 'How code is isolated here, as hostile programs found it at start.',
    roles: staff,
    scope: 'organisation',
    withoutDatabase: true,
    answer: anyObject.meta({ description: 'The isolation, the programs, and what is missing.' }),
    handle: async () => ({ ...(await runtime.report()) }),
  });
}

const fileNames = { python: 'main.py', javascript: 'main.js', typescript: 'main.ts', shell: 'main.sh' } as const;

function toRequest(body: z.output<typeof runSchema>): RunRequest {
  if (body.code !== undefined && body.files.some(({ path }) => path === fileNames[body.language])) {
    const message = `Code is written to ${fileNames[body.language]}, which is also among the files.`;
    throw new Fault('invalid_request', { message, param: 'code' });
  }
  const files = body.files.map(({ path, content, encoding }) => ({ path, bytes: Buffer.from(content, encoding) }));
  const code = body.code === undefined ? [] : [{ path: fileNames[body.language], bytes: Buffer.from(body.code) }];
  const [program, ...rest] = body.command ?? [];
  return {
    language: body.language,
    files: [...code, ...files],
    arguments: body.arguments,
    environment: body.environment,
    limits: defined(body.limits),
    network: toNetwork(body.network),
    ...(body.entry !== undefined && { entry: body.entry }),
    ...(program !== undefined && { command: [program, ...rest] }),
    ...(body.stdin !== undefined && { stdin: Buffer.from(body.stdin) }),
    ...(body.minIsolation !== undefined && { minIsolation: body.minIsolation }),
    ...(body.requestId !== undefined && { requestId: body.requestId }),
    ...(body.tests && { tests: true }),
  };
}

function toNetwork({ mode, allow, headers, maxBytes }: z.output<typeof networkSchema>): NetworkPolicy {
  const fault = (field: string, message: string): Fault =>
    new Fault('invalid_request', { message, param: `network.${field}` });
  if ((mode ?? 'denied') === 'denied' && allow.length === 0 && headers.length === 0) return { mode: 'denied' };
  if (mode === 'denied') throw fault('mode', 'The network is denied and allowed at once.');
  const wrong = allow.find((rule) => !isEgressRule(rule));
  if (wrong !== undefined)
    throw fault('allow', `${JSON.stringify(wrong)} is no host name; addresses are never allowed.`);
  const astray = headers.find(({ host }) => !allowsHost(allow, host));
  if (astray) throw fault('headers', `${JSON.stringify(astray.host)} is not among the names that may be reached.`);
  return { mode: 'allowed', allow, headers, ...(maxBytes !== undefined && { maxBytes }) };
}

function defined(limits: { readonly [name in keyof Limits]?: number | undefined }): Partial<Limits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}
