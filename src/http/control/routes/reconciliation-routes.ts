import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import { BillError, formatReport, type ImportedBill, Reconciler } from '../../../ledger/index.ts';
import { toPage } from '../framework/cursor.ts';
import { id, nanosAsText, pageFields, pageOf, text } from '../framework/fields.ts';
import { InputFault } from '../framework/input-fault.ts';
import { pageRequest } from '../framework/pages.ts';
import { type Call, type ControlRoute, route } from '../framework/route.ts';
import type { TenantDeps } from './tenant-deps.ts';

const bill = z
  .object({
    id: z.string(),
    host: z.string(),
    format: z.string(),
    name: z.string(),
    rows: z.number(),
    problems: z.array(z.object({ line: z.number(), message: z.string() })).readonly(),
    unknownColumns: z.array(z.string()).readonly(),
    firstDay: z.number().nullable().meta({ description: 'Days since 1970-01-01.' }),
    lastDay: z.number().nullable(),
    importedAtMs: z.number(),
    isRepeated: z.boolean().meta({ description: 'The same file was imported before: nothing was added.' }),
  })
  .meta({ id: 'ImportedBill' });

const units = z.record(z.string(), z.string()).nullable();
const amount = z.string().nullable();
const report = z
  .object({
    host: z.string(),
    firstDay: z.string(),
    lastDay: z.string(),
    isByKey: z.boolean(),
    shifts: z.array(z.object({ model: z.string(), hours: z.number() })).readonly(),
    oursNanos: z.string(),
    theirsNanos: z.string(),
    deltaNanos: z.string(),
    varianceNanos: z.string().meta({ description: 'What the bill has beyond our figures: to be posted.' }),
    coveragePpm: z.string().nullable(),
    estimatedPpm: z.string(),
    classes: z.array(z.object({ difference: z.string(), cells: z.number(), deltaNanos: z.string() })).readonly(),
    cells: z
      .array(
        z.object({
          day: z.string(),
          model: z.string(),
          key: z.string(),
          difference: z.string(),
          missingOn: z.enum(['ours', 'theirs']).nullable(),
          oursNanos: amount,
          theirsNanos: amount,
          deltaNanos: amount,
          oursUnits: units,
          theirsUnits: units,
        }),
      )
      .readonly()
      .meta({ description: 'By day, model and key.' }),
  })
  .meta({ id: 'ReconciliationReport' });

const params = z.strictObject({ importId: id('rec') });
const shared = { tag: 'reconciliation', roles: ['owner', 'finance'], scope: 'organisation' } as const;
const maxBillBytes = 32 * 1024 * 1024;

/** Routes that compare what hosts bill with what was metered. */
export function reconciliationRoutes(deps: TenantDeps): ControlRoute[] {
  return [list(deps), takeIn(deps), compare(deps), post(deps)];
}

function reconcilerOf({ clock, newId }: TenantDeps, { database }: Pick<Call, 'database'>): Reconciler {
  return new Reconciler({ database, clock, createId: newId });
}

async function find(reconciler: Reconciler, importId: string): Promise<ImportedBill> {
  const found = await reconciler.find(importId);
  if (found) return found;
  throw new Fault('not_found', { message: `There is no import ${importId}.` });
}

function list(deps: TenantDeps): ControlRoute {
  return route({
    ...shared,
    operationId: 'listReconciliationImports',
    method: 'get',
    path: '/reconciliation/imports',
    summary: 'Bills and usage exports of hosts that were imported, newest first.',
    query: z.strictObject({ ...pageFields, host: text(64).optional() }),
    answer: pageOf(bill),
    async handle({ query }, call) {
      const { limit, after } = pageRequest(query);
      const rows = await reconcilerOf(deps, call).list({ host: query.host, limit: limit + 1, beforeId: after });
      return toPage(rows, limit, (one) => [one.id]);
    },
  });
}

function takeIn(deps: TenantDeps): ControlRoute {
  return route({
    ...shared,
    operationId: 'importBill',
    method: 'post',
    path: '/reconciliation/imports',
    summary: "Imports a host's bill or usage export; the same file is imported once.",
    status: 201,
    audit: 'reconciliation.import',
    maxBodyBytes: maxBillBytes,
    body: z.strictObject({
      name: text(200).meta({ description: 'Name of the file, for people.' }),
      content: z.string().min(1).max(maxBillBytes).meta({ description: 'Text of the file: CSV, JSON or JSON lines.' }),
      host: text(64)
        .optional()
        .meta({ description: "The host as it is named here, when it differs from the format's." }),
      format: text(64).optional().meta({ description: 'Else recognized by its columns.' }),
    }),
    answer: bill,
    async handle({ body }, call) {
      const { content, ...file } = body;
      const imported = await reconcilerOf(deps, call)
        .import({ ...file, text: content })
        .catch((error: unknown) => {
          if (!(error instanceof BillError)) throw error;
          throw new InputFault([{ field: 'content', detail: `cannot be read: ${error.message}` }]);
        });
      const { id: importId, host, format, rows, isRepeated } = imported;
      call.audited({ id: importId, after: { host, format, name: file.name, rows, isRepeated } });
      return imported;
    },
  });
}

function compare(deps: TenantDeps): ControlRoute {
  return route({
    ...shared,
    operationId: 'getReconciliationReport',
    method: 'get',
    path: '/reconciliation/imports/{importId}/report',
    summary: 'Ours, theirs and the difference by day, model and key, and why they differ.',
    params,
    answer: report,
    async handle({ params: { importId } }, call) {
      const reconciler = reconcilerOf(deps, call);
      await find(reconciler, importId);
      return formatReport(await reconciler.compare(importId));
    },
  });
}

function post(deps: TenantDeps): ControlRoute {
  return route({
    ...shared,
    operationId: 'postReconciliationVariance',
    method: 'post',
    path: '/reconciliation/imports/{importId}/post',
    summary: 'Posts what the bill has beyond our figures; posting again posts nothing.',
    audit: 'reconciliation.post',
    params,
    answer: z.object({
      importId: z.string(),
      varianceNanos: nanosAsText,
      operationKey: z.string().nullable().meta({ description: 'null: there was nothing to post.' }),
    }),
    async handle({ params: { importId } }, call) {
      const reconciler = reconcilerOf(deps, call);
      const { host } = await find(reconciler, importId);
      const { varianceNanos, operationKey = null } = await reconciler.post(importId);
      call.audited({ id: importId, after: { host, varianceNanos, operationKey } });
      return { importId, varianceNanos, operationKey };
    },
  });
}
