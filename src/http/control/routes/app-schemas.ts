import { z } from 'zod';
import { aliasNames, type Apps } from '../../../runtime/index.ts';
import { id, text } from '../framework/fields.ts';

/** What routes about apps are reached through. */
export interface AppViews {
  readonly apps: Pick<Apps, 'service' | 'logs' | 'meter'>;
}

/** Name of an app, as it stands in URLs and host names. */
export const appName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'must be 1 to 40 lower-case letters, digits or inner dashes')
  .refine((name) => !name.includes('--'), 'must not hold two dashes in a row');

/** Id of a version. */
export const versionId = id('ver');

/** An alias in a path. */
export const aliasName = z.enum(aliasNames);

/** The parameter of most routes. */
export const appParams = z.strictObject({ app: appName });

/** Name of a variable that a guest sees. */
export const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be letters, digits and underscores')
  .refine((name) => !name.toUpperCase().startsWith('SWITCHYARD_'), 'must not begin with SWITCHYARD_');

/** Says where an alias points. */
export const alias = z
  .object({
    app: z.string(),
    alias: aliasName,
    version: z.string(),
    previousVersion: z.string().nullable().meta({ description: 'Kept warm for a rollback.' }),
    canary: z.object({ version: z.string(), share: z.number() }).nullable(),
    revision: z.number().meta({ description: 'Rises by one with each change.' }),
    changedAtMs: z.number(),
    changedBy: z.string(),
  })
  .meta({ id: 'AppAlias' });

/** Says what a version is. */
export const version = z
  .object({
    app: z.string(),
    version: z.string(),
    digest: z.string().meta({ description: 'Over code, assets and settings: equal uploads give equal digests.' }),
    createdAtMs: z.number(),
    createdBy: z.string(),
    bundleBytes: z.number().nullable().meta({ description: 'null for a site of static files only.' }),
    assets: z.number().meta({ description: 'Static files.' }),
    settings: z.record(z.string(), z.unknown()),
    buildLog: z.string(),
  })
  .meta({ id: 'AppVersion' });

/** Settings of a version as they are sent; part of its digest. */
export const versionSettings = {
  environment: z
    .record(
      variableName,
      z
        .string()
        .max(16_384)
        .regex(/^[^\0]*$/, 'must not hold NUL'),
    )
    .refine((variables) => JSON.stringify(variables).length <= 65_536, 'must be at most 64 KiB together')
    .default({}),
  secrets: z
    .array(variableName)
    .max(64)
    .default([])
    .meta({ description: 'Secrets of the app that its code may read.' }),
  limits: z
    .strictObject({
      cpuMs: z.int().min(10).max(30_000).optional(),
      wallMs: z.int().min(10).max(300_000).optional(),
      heapMb: z.int().min(16).max(1024).optional(),
      maxInFlight: z.int().min(1).max(1000).optional(),
      maxRequestBytes: z.int().min(0).max(104_857_600).optional(),
      maxResponseBytes: z.int().min(0).max(104_857_600).optional(),
    })
    .default({}),
  network: z
    .strictObject({
      allow: z
        .array(text(260))
        .max(64)
        .default([])
        .meta({ description: '`example.com`, `*.example.com`, with `:port`.' }),
      headers: z
        .array(
          z.strictObject({
            host: text(253),
            name: z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header'),
            secret: variableName.meta({ description: 'Its value is added on the way out and never enters the app.' }),
            prefix: text(32).optional(),
          }),
        )
        .max(64)
        .default([]),
    })
    .default({ allow: [], headers: [] }),
  models: z.boolean().default(false).meta({ description: 'The app may call models, with a key of its own.' }),
};
