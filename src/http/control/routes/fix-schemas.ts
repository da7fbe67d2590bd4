import { z } from 'zod';
import { isStorableAmount, parseUsdAsNanos } from '../../../domain/money/money.ts';
import type { AppCheck, AppFixes, AppFixSettings, FailureBook, FixService, RunCheck } from '../../../runtime/index.ts';
import { positiveNanos, text } from '../framework/fields.ts';

/** What fixes are reached through. */
export interface FixViews {
  readonly fixes: {
    readonly service: Pick<FixService, 'request' | 'accept'>;
    readonly failures: Pick<FailureBook, 'find'>;
    readonly apps: Pick<AppFixes, 'settings' | 'request'>;
    usualCapNanos(): bigint;
  };
}

const filePath = z
  .string()
  .min(1)
  .max(512)
  .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\0]+$/, 'must be relative, without `..`');
const plain = (most: number): z.ZodString =>
  z
    .string()
    .max(most)
    .regex(/^[^\0]*$/, 'must not hold NUL');

const usd = z
  .string()
  .regex(/^[0-9]{1,9}(\.[0-9]{1,9})?$/, 'must be an amount in USD, such as "0.25"')
  .refine((amount) => isStorableAmount(parseUsdAsNanos(amount) ?? -1n) && parseUsdAsNanos(amount) !== 0n, {
    error: 'must be above 0',
  });

/** Bounds that whoever asks for a fix may set. */
const boundFields = {
  maxNanos: positiveNanos.optional().meta({ description: 'Most that all attempts together may cost.' }),
  maxUsd: usd.optional().meta({ description: 'The same in USD, in place of maxNanos.' }),
  maxAttempts: z.int().min(1).max(3).optional().meta({ description: 'Questions to models; 3 when absent.' }),
} as const;

const globs = z
  .array(text(200))
  .max(100)
  .default([])
  .meta({ description: 'Files that no patch may touch, beside tests, limits, policies and lock files: `checks/**`.' });

/** Body of the wish to fix a run. */
export const fixRunSchema = z
  .strictObject({
    ...boundFields,
    protect: globs,
    checks: z
      .array(
        z.strictObject({
          name: text(100).optional(),
          hidden: z.boolean().default(true).meta({ description: 'Whether the fixer may learn how it fails.' }),
          arguments: z.array(plain(65_536)).max(256).optional(),
          stdin: plain(1_000_000).optional(),
          entry: filePath.optional(),
          command: z.array(plain(65_536)).min(1).max(256).optional(),
          files: z
            .array(z.strictObject({ path: filePath, content: z.string().max(1_000_000) }))
            .max(100)
            .optional()
            .meta({ description: "Written over the program's own: tests, for example." }),
          exitCode: z.int().min(0).max(255).default(0),
          stdout: z.string().max(1_000_000).optional().meta({ description: 'Whole output, but for space at its end.' }),
        }),
      )
      .max(50)
      .default([])
      .meta({ description: 'What must hold besides: each runs in a sandbox of its own.' }),
  })
  .superRefine(oneSum)
  .prefault({});

/** Body of the wish to fix an app. */
export const fixAppSchema = z.strictObject(boundFields).superRefine(oneSum).prefault({});

function oneSum(body: { readonly maxNanos?: unknown; readonly maxUsd?: unknown }, context: z.RefinementCtx): void {
  if (body.maxNanos === undefined || body.maxUsd === undefined) return;
  context.addIssue({ code: 'custom', path: ['maxUsd'], message: 'says the same as maxNanos: give one of them' });
}

/** The sum that a body names; undefined for the usual one. */
export function capOf({
  maxNanos,
  maxUsd,
}: {
  readonly maxNanos?: bigint | undefined;
  readonly maxUsd?: string | undefined;
}): bigint | undefined {
  return maxNanos ?? (maxUsd === undefined ? undefined : parseUsdAsNanos(maxUsd));
}

/** Checks of a run as they are sent. */
export function toRunChecks(checks: z.output<typeof fixRunSchema>['checks']): RunCheck[] {
  return checks.map(({ name, hidden, exitCode, stdout, files, stdin, command, entry, ...one }, index) => {
    const [program, ...rest] = command ?? [];
    return {
      name: name ?? `check ${index + 1}`,
      isHidden: hidden,
      ...(one.arguments && { arguments: one.arguments }),
      ...(stdin !== undefined && { stdin: Buffer.from(stdin) }),
      ...(entry !== undefined && { entry }),
      ...(program !== undefined && { command: [program, ...rest] as const }),
      ...(files && { files: files.map(({ path, content }) => ({ path, bytes: Buffer.from(content) })) }),
      expect: { exitCode, ...(stdout !== undefined && { stdout }) },
    };
  });
}

/** Settings of an app's fixes. */
export const appFixSettingsSchema = z.strictObject({
  automatic: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether a version that fails too often is fixed unasked.' }),
  errorRate: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .meta({ description: 'Share of the requests of a minute that may fail.' }),
  minRequests: z.int().min(1).max(100_000).default(20).meta({ description: 'Fewer say nothing.' }),
  maxNanos: positiveNanos.optional(),
  maxAttempts: z.int().min(1).max(3).default(3),
  protect: globs,
  checks: z
    .array(
      z.strictObject({
        name: text(100).optional(),
        method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
        path: z
          .string()
          .max(2000)
          .regex(/^\/[^\s]*$/, 'must begin with a slash'),
        headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/), text(2000)).optional(),
        body: plain(100_000).optional(),
        status: z.int().min(100).max(599).optional().meta({ description: 'Anything below 500 when absent.' }),
        contains: z.string().min(1).max(10_000).optional(),
      }),
    )
    .max(50)
    .default([])
    .meta({ description: 'Requests that a fixed version must answer rightly; no fixer is shown them.' }),
  promote: z
    .discriminatedUnion('to', [
      z.strictObject({ to: z.literal('preview') }),
      z.strictObject({ to: z.literal('canary'), share: z.number().gt(0).max(0.5) }),
    ])
    .default({ to: 'preview' })
    .meta({ description: '`canary`: a share of prod besides, which ends by itself when it fails too often.' }),
});

/** Settings as they are kept. */
export function toAppFixSettings(body: z.output<typeof appFixSettingsSchema>, usualCapNanos: bigint): AppFixSettings {
  const { checks, maxNanos, ...rest } = body;
  const kept = checks.map(({ name, status, contains, headers, body: sent, ...one }, index): AppCheck => ({
    ...one,
    name: name ?? `check ${index + 1}`,
    ...(headers && { headers }),
    ...(sent !== undefined && { body: sent }),
    expect: { ...(status !== undefined && { status }), ...(contains !== undefined && { contains }) },
  }));
  return { ...rest, checks: kept, maxNanos: maxNanos ?? usualCapNanos };
}
