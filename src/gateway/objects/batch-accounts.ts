import type { Endpoint, Host } from '../../domain/calls/endpoint.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { isObject, readOpenAIUsage } from '../../protocols/index.ts';
import type { OwnedObject } from '../../storage/index.ts';
import type { Hold, Key, Spender } from '../../tenants/index.ts';
import { type BatchRowResult, readBatchRows } from './batch-rows.ts';
import { quoteBatch } from '../money/quote-batch.ts';
import { type RatedWork, settleWork } from './objects-facts.ts';
import { endpointAtHost, recordedHost } from './objects-hosts.ts';
import type { ObjectDeps } from './objects-request.ts';

type AccountDeps = Omit<ObjectDeps, 'batches' | 'responses'>;

/**
 * The money of batches: what is held from their start until they have ended, and what they turn out to cost. A batch
 * outlives requests and processes, so its record says what is held, and under which exchange it is being settled.
 */
export class BatchAccounts {
  readonly #holds = new Map<string, Hold>();
  readonly #settling = new Map<string, Promise<void>>();

  /** Takes over the hold of the request that made a batch. */
  keep(batch: OwnedObject, hold: Hold): void {
    hold.leaveRates();
    this.#holds.set(nameOf(batch), hold);
  }

  /** Holds again, after a restart, what running batches may cost. */
  async resume(deps: AccountDeps): Promise<void> {
    for (const batch of deps.index.every('batch')) {
      if (batch.settled === true || batch.heldNanos === undefined) continue;
      const hold = await admit(batch, BigInt(batch.heldNanos), deps);
      if (!Fault.is(hold)) this.keep(batch, hold);
      else deps.logger.warn({ batch: batch.id, fault: hold.code }, 'what a running batch may cost could not be held');
    }
  }

  /** Brings what an ended batch used into the journal, once; rejects when the journal cannot take it now. */
  settle(batch: OwnedObject, deps: ObjectDeps): Promise<void> {
    const name = nameOf(batch);
    const running = this.#settling.get(name);
    if (running) return running;
    const settling = this.#settle(batch, deps).finally(() => this.#settling.delete(name));
    this.#settling.set(name, settling);
    return settling;
  }

  async #settle({ owner, id }: OwnedObject, deps: ObjectDeps): Promise<void> {
    const { index } = deps;
    const batch = index.find(owner, 'batch', id);
    if (!batch || batch.settled === true) return;
    const host = recordedHost(batch.host, deps);
    if (Fault.is(host)) return;
    const earlier = await settledBefore(batch, deps);
    if (earlier.isComplete) {
      // This process or the one before wrote the facts and could not say so: the journal has them.
      await index.put({ ...batch, settled: true });
      return this.#release(batch);
    }
    const results = await readBatchRows(batch.body, host, deps);
    const sum = usageOf(batch.body);
    // Later the files may be readable; without them the sum has to do.
    if (Fault.is(results) && !sum) return;
    const rows = Fault.is(results) || !results ? sumRow(sum, batch) : results.slice(earlier.rows);
    if (rows.length === 0) {
      await index.put({ ...batch, settled: true });
      return this.#release(batch);
    }
    const requestId = deps.newId('req');
    // Known before the journal is written: whoever finds it unsettled looks there first.
    await index.put({ ...batch, settlementId: requestId, settledRows: earlier.rows });
    const work = rows.map((row) => toWork(row, batch, { host, deps }));
    const chargeNanos = await settleWork(
      { requestId, owner: batch.spender ?? owner, host, models: batch.models ?? [], work },
      deps,
    );
    await this.#charge(batch, chargeNanos, deps);
    await index.put({ ...batch, settlementId: requestId, settled: true });
  }

  /** A charge that nobody can tell keeps the whole hold as spent: limits must not be passed by what is unknown. */
  async #charge(batch: OwnedObject, chargeNanos: bigint | null, deps: ObjectDeps): Promise<void> {
    const name = nameOf(batch);
    const hold = this.#holds.get(name) ?? (await admit(batch, 0n, deps));
    this.#holds.delete(name);
    if (Fault.is(hold)) {
      deps.logger.warn({ batch: batch.id, fault: hold.code }, 'the charge of a batch counts only by its record');
    } else hold.settle(chargeNanos ?? hold.amountNanos, deps.clock.nowMs(), 0);
  }

  #release(batch: OwnedObject): void {
    this.#holds.get(nameOf(batch))?.release();
    this.#holds.delete(nameOf(batch));
  }
}

/** What must be held before a batch of this input may start; 0 where no hard limit asks for it. */
export function holdForBatch(
  file: OwnedObject,
  key: Key,
  deps: Pick<ObjectDeps, 'money' | 'clock' | 'settings'>,
): bigint | Fault {
  const { money, clock, settings } = deps;
  const { catalog } = settings();
  const spender = spenderOfKey(key);
  if (!money.gate.isHardLimited(spender)) return 0n;
  const host = catalog.host(file.host);
  const { demands } = file;
  if (!host) return 0n;
  if (!demands) {
    const message = 'The input file was uploaded before its rows were counted. Upload it again.';
    return new Fault('invalid_request', { message, param: 'input_file_id' });
  }
  const atMs = clock.nowMs();
  const plan = money.planOf(key.customer, atMs);
  const endpointOf = (upstreamModel: string): Endpoint | undefined =>
    endpointAtHost(key, { host, upstreamModel }, catalog);
  return quoteBatch({ demands, plan, key: key.name, atMs, endpointOf }, money);
}

/** On whose behalf requests about objects spend. */
export function spenderOfKey({ customer, name, project, endUser }: Key): Spender {
  return { customer, key: name, project, endUser };
}

function admit(batch: OwnedObject, amountNanos: bigint, deps: AccountDeps): Promise<Hold | Fault> | Hold | Fault {
  const { customer, key } = batch.owner;
  const { spender = { customer, key } } = batch;
  // Its own number: the exchange that made the batch is over.
  const exchangeId = `${nameOf(batch)} held`;
  return deps.money.gate.admit({ exchangeId, spender, amountNanos, tokensEstimate: 0, atMs: deps.clock.nowMs() });
}

function nameOf({ owner, id }: OwnedObject): string {
  return JSON.stringify([owner.customer, owner.key, id]);
}

/** What an earlier try brought into the journal before its process ended. */
async function settledBefore(
  { settlementId, settledRows = 0 }: OwnedObject,
  { journal }: ObjectDeps,
): Promise<{ readonly isComplete: boolean; readonly rows: number }> {
  if (settlementId === undefined) return { isComplete: false, rows: 0 };
  const facts = await journal.find(settlementId);
  const rows = facts.filter(({ type }) => type === 'attempt').length;
  return { isComplete: facts.some(({ type }) => type === 'final'), rows: settledRows + rows };
}

function toWork(
  { model, usage, failedStatus }: BatchRowResult,
  { models = [], owner }: OwnedObject,
  { host, deps }: { readonly host: Host; readonly deps: ObjectDeps },
): RatedWork {
  const asked = modelOfRow(models, model);
  const { catalog } = deps.settings();
  const endpoint = asked === undefined ? undefined : endpointAtHost(undefined, { host, upstreamModel: asked }, catalog);
  const price = endpoint && deps.money.priceOf(endpoint, deps.clock.nowMs(), owner.key);
  return { endpoint, upstreamModel: asked ?? models.join(','), usage, failedStatus, ...price };
}

/** Answers name models more exactly than requests do. */
function modelOfRow(models: readonly string[], answered: string | undefined): string | undefined {
  if (models.length === 1) return models[0];
  if (answered === undefined) return undefined;
  const [nearest] = models
    .filter((model) => answered.startsWith(model))
    .toSorted((left, right) => right.length - left.length);
  return nearest;
}

/** One row that stands for all, where the host tells no more than a sum. */
function sumRow(usage: BatchRowResult['usage'], { body }: OwnedObject): readonly BatchRowResult[] {
  if (usage) return [{ model: undefined, usage, failedStatus: undefined }];
  // What was never run has used nothing; what ran unmetered is recorded with an unknown cost.
  return body['status'] === 'completed' ? [{ model: undefined, usage: undefined, failedStatus: undefined }] : [];
}

/** Hosts that state the sum of their rows do it in the words of Responses. */
function usageOf({ usage }: OwnedObject['body']): BatchRowResult['usage'] {
  if (!isObject(usage)) return undefined;
  const read = readOpenAIUsage(usage);
  const used = read && Object.values(read.buckets).some((units) => units !== undefined && units > 0);
  return used ? read : undefined;
}
