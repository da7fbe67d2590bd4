import type { Database } from '../../storage/index.ts';
import type { KeptFailure } from './failure-record.ts';
import type { Fix } from './fix-record.ts';
import type { FixResult } from './fix-types.ts';
import { secretHider, secretValues } from './hide-secrets.ts';
import { toColumn } from './stored-json.ts';

/** Whether what a model wrote may train another; unknown unless the operator says. */
export type OutputLicence = 'allowed' | 'forbidden' | 'unknown';

/** What the operator decides about pairs. */
export interface PairPolicy {
  /** Off: none is kept, whoever consents. */
  readonly keep: boolean;
  /** Customers who consent; `default` is the organisation itself. */
  readonly customers: readonly string[];
  licenceOf(model: string): OutputLicence;
}

/** A failed program beside its fixed one, as training data: a line of the export. */
export interface FixPair {
  readonly fixId: string;
  readonly customer: string;
  readonly createdAtMs: number;
  /** The stricter of the two licences: what may not be used of one may not be used of the pair. */
  readonly licence: OutputLicence;
  readonly author: { readonly model: string | null; readonly licence: OutputLicence };
  readonly fixer: { readonly model: string; readonly licence: OutputLicence };
  readonly failure: { readonly status: string; readonly stderr: string };
  readonly failed: readonly PairFile[];
  readonly fixed: readonly PairFile[];
  readonly patch: string;
  /** Patches of the same fix that did not work. */
  readonly rejected: readonly string[];
}

/** A file of text; others are left out. */
export interface PairFile {
  readonly path: string;
  readonly content: string;
}

/** Makes a pair of a fix that worked; undefined where it may not be kept. */
export function pairOf(
  made: { readonly fix: Fix; readonly kept: KeptFailure; readonly files: readonly File[]; readonly result: FixResult },
  known: { readonly policy: PairPolicy; readonly authorModel: string | undefined; readonly nowMs: number },
): FixPair | undefined {
  const { fix, kept, files, result } = made;
  const { policy, authorModel, nowMs } = known;
  const customer = fix.customer ?? 'default';
  const last = result.attempts.at(-1);
  if (!policy.keep || !policy.customers.includes(customer) || result.files === undefined || last === undefined)
    return undefined;
  const author = { model: authorModel ?? null, licence: licenceOfAuthor(policy, authorModel) };
  const fixer = { model: last.model, licence: policy.licenceOf(last.model) };
  const hide = secretHider(secretValues(kept.environment));
  const { status, stderrTail } = kept.failure.report;
  return {
    fixId: fix.id,
    customer,
    createdAtMs: nowMs,
    licence: strictest(author.licence, fixer.licence),
    author,
    fixer,
    failure: { status, stderr: stderrTail },
    failed: textsOf(files, hide),
    fixed: textsOf(result.files, hide),
    patch: hide(result.patch),
    rejected: result.attempts.flatMap(({ patch, verdict }) =>
      verdict === 'failed' && patch !== '' ? [hide(patch)] : [],
    ),
  };
}

type File = { readonly path: string; readonly bytes: Uint8Array };

/** Code that nobody knows the author of may be anybody's. */
function licenceOfAuthor(policy: PairPolicy, model: string | undefined): OutputLicence {
  return model === undefined ? 'unknown' : policy.licenceOf(model);
}

function strictest(left: OutputLicence, right: OutputLicence): OutputLicence {
  for (const one of ['forbidden', 'unknown'] as const) if (left === one || right === one) return one;
  return 'allowed';
}

function textsOf(files: readonly File[], hide: (text: string) => string): PairFile[] {
  return files.flatMap(({ path, bytes }) => {
    const content = Buffer.from(bytes).toString('utf8');
    return content.includes('\0') || content.includes('\uFFFD') ? [] : [{ path, content: hide(content) }];
  });
}

/** Keeps a pair; the same one again changes nothing. */
export async function insertPair({ db }: Pick<Database, 'db'>, pair: FixPair): Promise<void> {
  const { fixId, customer, licence, createdAtMs } = pair;
  await db
    .insertInto('fix_pair')
    .values({ fix_id: fixId, customer, licence, body: toColumn(pair), created_at_ms: BigInt(createdAtMs) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

const pageRows = 100;

/** Pairs in the order that they were made, a page at a time, so that none of it waits in memory. */
export async function* readPairs(
  { db }: Pick<Database, 'db'>,
  query: { readonly licences: readonly OutputLicence[]; readonly customer?: string | undefined },
): AsyncGenerator<FixPair> {
  let after: { readonly atMs: bigint; readonly id: string } = { atMs: -1n, id: '' };
  for (;;) {
    const { atMs, id } = after;
    let select = db.selectFrom('fix_pair').selectAll().where('licence', 'in', query.licences);
    if (query.customer !== undefined) select = select.where('customer', '=', query.customer);
    const rows = await select
      .where((where) =>
        where.or([
          where('created_at_ms', '>', atMs),
          where.and([where('created_at_ms', '=', atMs), where('fix_id', '>', id)]),
        ]),
      )
      .orderBy('created_at_ms')
      .orderBy('fix_id')
      .limit(pageRows)
      .execute();
    for (const { body } of rows) yield body as FixPair;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return;
    after = { atMs: last.created_at_ms, id: last.fix_id };
  }
}
