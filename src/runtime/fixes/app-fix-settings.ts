import type { Database } from '../../storage/index.ts';
import type { AppCheck } from './app-check.ts';
import type { FixPromotion } from './fix-record.ts';
import { fromJson, toColumn } from './stored-json.ts';

/** When and how the failures of an app are fixed. */
export interface AppFixSettings {
  /** Off: failures are recorded, and somebody has to ask. */
  readonly automatic: boolean;
  /** Share of the requests of a minute that may fail, when there are `minRequests`. */
  readonly errorRate: number;
  readonly minRequests: number;
  readonly maxNanos: bigint;
  readonly maxAttempts: number;
  readonly checks: readonly AppCheck[];
  readonly protect: readonly string[];
  readonly promote: FixPromotion;
}

/** Settings of an app as somebody made them; undefined when nobody did. */
export async function readAppFixSettings(
  { db }: Pick<Database, 'db'>,
  app: string,
): Promise<AppFixSettings | undefined> {
  const row = await db.selectFrom('app_fix_setting').select('settings').where('app', '=', app).executeTakeFirst();
  if (row === undefined) return undefined;
  const { maxNanos, ...rest } = fromJson(JSON.stringify(row.settings)) as Omit<AppFixSettings, 'maxNanos'> & {
    readonly maxNanos: string;
  };
  return { ...rest, maxNanos: BigInt(maxNanos) };
}

/** Keeps the settings of an app. */
export async function writeAppFixSettings(
  { db }: Pick<Database, 'db'>,
  change: { readonly app: string; readonly settings: AppFixSettings; readonly atMs: number },
): Promise<void> {
  const row = { settings: toColumn(change.settings), changed_at_ms: BigInt(change.atMs) };
  await db
    .insertInto('app_fix_setting')
    .values({ app: change.app, ...row })
    .onConflict((conflict) => conflict.column('app').doUpdateSet(row))
    .execute();
}
