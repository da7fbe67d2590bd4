import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Driver, IsolationTier } from '../contract.ts';
import type { ComputePayer } from '../compute/compute-desk.ts';
import type { StandingUse } from '../compute/standing-use.ts';
import { LiveSandbox } from './live-sandbox.ts';
import { SandboxAdmission } from './sandbox-admission.ts';
import { SandboxPatrol } from './sandbox-patrol.ts';
import { absentSandbox, isDue, isOwn, newSandboxRecord, payerOf } from './sandbox-record.ts';
import { type Bounds, boundsOf } from './sandbox-spec.ts';
import { SandboxStore } from './sandbox-store.ts';
import type {
  NewSandbox,
  SandboxMetric,
  SandboxOwner,
  SandboxRecord,
  SandboxSettings,
  SandboxSummary,
} from './sandbox-types.ts';
import { type SpareCount, SpareSandboxes } from './spare-sandboxes.ts';

/** What long-lived sandboxes are built on. */
export interface SandboxServiceDeps {
  readonly driver: Driver;
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  newId(prefix: string): string;
  settings(): SandboxSettings;
  minIsolation(): IsolationTier;
  /** Sandboxes that are made ahead; none unless said. */
  readonly spares?: SpareCount;
  /** Where what they use is charged; absent: nobody pays. */
  readonly charged?: StandingUse | undefined;
}

const lookEveryMs = 250;
/** Looks between two samples of what is used. */
const looksPerSample = 20;
/** Who asks often is told what was found so long ago. */
const freshMs = 1000;

/** Long-lived sandboxes: who has which, how long they live, and what of them survives. */
export class SandboxService {
  readonly #deps: SandboxServiceDeps;
  readonly #store: SandboxStore;
  readonly #spares: SpareSandboxes;
  readonly #all = new Map<string, LiveSandbox>();
  readonly #admission: SandboxAdmission;
  #ready: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #patrol: SandboxPatrol;
  #looks = 0;
  #isClosed = false;

  constructor(deps: SandboxServiceDeps) {
    this.#deps = deps;
    this.#store = new SandboxStore(deps.dataFolder);
    const { driver, clock, newId, spares: count = { least: 0, most: 0 } } = deps;
    const bounds = (): Bounds => boundsOf(deps.settings());
    this.#spares = new SpareSandboxes({ driver, clock, newId, bounds, store: this.#store, count });
    this.#admission = new SandboxAdmission({ ...deps, all: () => this.#all.values() });
    this.#patrol = new SandboxPatrol({
      all: () => this.#all.values(),
      isRefused: (id) => deps.charged?.isRefused(id) === true,
      pause: (live) => live.inTurn(() => this.#pause(live)),
      troubled: (error) => this.#troubled(error),
    });
  }

  /** Takes over what an earlier process left. */
  open(): Promise<void> {
    this.#ready ??= this.#load();
    return this.#ready;
  }

  /** Makes a sandbox that runs. */
  async create(owner: SandboxOwner, wanted: NewSandbox): Promise<SandboxRecord> {
    await this.open();
    if (this.#isClosed) throw new Fault('shedding', { message: 'The runtime is closing.' });
    await this.#admission.requireIsolation();
    const ttlMs = this.#admission.ttlMs(wanted.ttlMs);
    const leave = this.#admission.enter(owner);
    try {
      const live = new LiveSandbox(newSandboxRecord(owner, wanted, { ...this.#deps, ttlMs }), this.#liveDeps());
      await this.#deps.charged?.begin(live.record.id, payerOf(owner));
      await this.#make(live);
      this.#all.set(live.record.id, live);
      this.#spares.refill();
      return live.record;
    } finally {
      leave();
    }
  }

  /** Those of one owner, or all, newest first. */
  async list(owner?: SandboxOwner): Promise<SandboxRecord[]> {
    await this.open();
    const records = [...this.#all.values()].filter(({ isEnded }) => !isEnded).map(({ record }) => record);
    return records
      .filter((record) => owner === undefined || isOwn(record, owner))
      .sort((one, other) => other.startedAtMs - one.startedAtMs || (one.id < other.id ? 1 : -1));
  }

  /** For those who look after all of them: without secrets. */
  async summaries(): Promise<SandboxSummary[]> {
    const isolation = this.#deps.driver.report?.isolation ?? null;
    const records = await this.list();
    return records.map(({ accessToken: _access, trafficToken: _traffic, environment: _environment, ...rest }) => ({
      ...rest,
      isolation,
    }));
  }

  async info(owner: SandboxOwner, id: string): Promise<SandboxRecord> {
    return (await this.#find(id, owner)).record;
  }

  /** Lets it end after this time from now, be that sooner or later than before. */
  async setTtl(owner: SandboxOwner, id: string, ttlMs: number): Promise<void> {
    const live = await this.#find(id, owner);
    await live.inTurn(() => this.#prolong(live, this.#admission.ttlMs(ttlMs)));
  }

  /** Wakes it if it is paused; its time is never made shorter. Tells whether it was paused. */
  async connect(owner: SandboxOwner, id: string, ttlMs?: number): Promise<SandboxRecord & { readonly woke: boolean }> {
    const live = await this.#find(id, owner);
    const woke = await live.inTurn(() => this.#wake(live, ttlMs));
    return { ...live.record, woke };
  }

  /** Ends its processes and keeps its files. False when it is paused already. */
  async pause(owner: SandboxOwner, id: string): Promise<boolean> {
    const live = await this.#find(id, owner);
    return live.inTurn(() => this.#pause(live));
  }

  /** Ends it for good; false when there is none. Without an owner: anybody's. */
  async kill(id: string, owner?: SandboxOwner): Promise<boolean> {
    await this.open();
    const live = this.#all.get(id);
    if (!live || live.isEnded || (owner && !isOwn(live.record, owner))) return false;
    await live.inTurn(() => this.#finish(live));
    return true;
  }

  async metrics(
    owner: SandboxOwner,
    id: string,
    { startMs = 0, endMs = Infinity }: { readonly startMs?: number | undefined; readonly endMs?: number | undefined },
  ): Promise<SandboxMetric[]> {
    const live = await this.#find(id, owner);
    await live.checkDisk(freshMs);
    await live.sample();
    return live.metrics.filter(({ atMs }) => atMs >= startMs && atMs <= endMs);
  }

  /** The record of one that a request can reach, though it may have to be woken for that; asking wakes nothing. */
  async reachable(id: string): Promise<SandboxRecord | undefined> {
    await this.open();
    const live = this.#all.get(id);
    if (!live || live.isEnded || (live.record.state === 'paused' && !live.record.autoResume)) return undefined;
    return live.record;
  }

  /**
   * The sandbox that a request goes to; a paused one is woken if it said so. undefined when there is none that runs,
   * whatever became of it.
   */
  async reach(id: string): Promise<LiveSandbox | undefined> {
    const live = (await this.reachable(id)) && this.#all.get(id);
    if (live?.record.state === 'paused') await live.inTurn(() => this.#wake(live, undefined));
    return live?.record.state === 'running' ? live : undefined;
  }

  /** Whether it runs; asking wakes nothing and prolongs nothing. */
  async runs(id: string): Promise<boolean> {
    await this.open();
    const live = this.#all.get(id);
    return live !== undefined && !live.isEnded && live.record.state === 'running';
  }

  /** Whose token opens this; for addresses that do not name their sandbox. */
  async reachBy(opens: (accessToken: string) => boolean): Promise<LiveSandbox | undefined> {
    await this.open();
    for (const { record } of this.#all.values()) if (opens(record.accessToken)) return this.reach(record.id);
    return undefined;
  }

  /** Ends and pauses what has reached its time. */
  async look(): Promise<void> {
    const nowMs = this.#deps.clock.nowMs();
    const due = [...this.#all.values()].filter(
      ({ record, isEnded }) => !isEnded && isDue(record, nowMs, this.#deps.settings()),
    );
    await Promise.all(due.map((live) => this.#expire(live)));
  }

  /** Ends all processes; records and disks stay for the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#ready?.catch(() => undefined);
    await this.#patrol.close();
    await this.#spares.close();
    await Promise.all([...this.#all.values()].map((live) => live.inTurn(() => live.halt())));
    this.#store.close();
    await this.#deps.charged?.close();
  }

  async #load(): Promise<void> {
    for (const record of await this.#store.load()) {
      this.#all.set(record.id, new LiveSandbox(record, this.#liveDeps(), true));
    }
    if (this.#isClosed) return;
    this.#timer = setInterval(() => this.#tick(), lookEveryMs);
    this.#timer.unref();
  }

  #tick(): void {
    this.look().catch((error: unknown) => this.#troubled(error));
    this.#looks += 1;
    if (this.#looks % looksPerSample !== 0) return;
    this.#patrol.round();
    this.#spares.shrink();
  }

  #troubled(error: unknown): void {
    this.#deps.logger.error({ err: error }, 'sandboxes could not be looked after');
  }

  /** Leaves nothing when it fails. */
  async #make(live: LiveSandbox): Promise<void> {
    try {
      await this.#giveDisk(live);
      const both = await Promise.allSettled([live.boot(), this.#store.save(live.record)]);
      const failed = both.find((one) => one.status === 'rejected');
      if (failed) throw failed.reason;
    } catch (error) {
      await this.#finish(live).catch((other: unknown) => this.#troubled(other));
      throw error;
    }
  }

  /** A disk with a sandbox on it that waits, or an empty one. */
  async #giveDisk(live: LiveSandbox): Promise<void> {
    const { id } = live.record;
    const spare = this.#spares.take();
    if (!spare) return this.#store.makeDisk(id);
    try {
      await this.#store.renameDisk(spare.diskName, id);
    } catch (error) {
      await this.#spares.end(spare);
      throw error;
    }
    await live.adopt(spare.sandbox);
  }

  #liveDeps(): ConstructorParameters<typeof LiveSandbox>[1] {
    const { driver, clock, settings, charged } = this.#deps;
    return { driver, clock, settings, charged, store: this.#store };
  }

  /** Who pays for one that is there. */
  payer(id: string): ComputePayer | undefined {
    const live = this.#all.get(id);
    return live && !live.isEnded ? payerOf(live.record) : undefined;
  }

  async #find(id: string, owner: SandboxOwner): Promise<LiveSandbox> {
    await this.open();
    const live = this.#all.get(id);
    if (live && !live.isEnded && isOwn(live.record, owner)) return live;
    throw absentSandbox(id);
  }

  async #prolong(live: LiveSandbox, ttlMs: number): Promise<void> {
    await live.change({ ttlMs, endsAtMs: this.#deps.clock.nowMs() + ttlMs });
  }

  async #wake(live: LiveSandbox, asked: number | undefined): Promise<boolean> {
    if (live.isEnded) throw absentSandbox(live.record.id);
    const nowMs = this.#deps.clock.nowMs();
    if (live.record.state === 'running') {
      const ttlMs = asked === undefined ? undefined : this.#admission.ttlMs(asked);
      if (ttlMs !== undefined && nowMs + ttlMs > live.record.endsAtMs) await this.#prolong(live, ttlMs);
      return false;
    }
    const ttlMs = this.#admission.ttlMs(asked ?? live.record.ttlMs);
    this.#admission.requireRoom(live.record, 'waking');
    await this.#deps.charged?.begin(live.record.id, payerOf(live.record));
    await live.change({ state: 'running', pausedAtMs: null, ttlMs, endsAtMs: nowMs + ttlMs });
    await live.boot();
    return true;
  }

  async #pause(live: LiveSandbox): Promise<boolean> {
    const isPaused = live.record.state === 'paused';
    if (live.isEnded || (isPaused && !live.isUp)) return false;
    await live.halt(async () => {
      this.#deps.charged?.end(live.record.id);
      await this.#store.sync(live.record.id);
      if (!isPaused) await live.change({ state: 'paused', pausedAtMs: this.#deps.clock.nowMs() });
    });
    return !isPaused;
  }

  /** Ends it for good. What cannot be removed is not charged, and gone for everybody. */
  async #finish(live: LiveSandbox): Promise<void> {
    try {
      await live.end();
    } finally {
      this.#deps.charged?.end(live.record.id);
      this.#all.delete(live.record.id);
    }
  }

  /** Looks again in its turn: it may just have been given more time. */
  async #expire(live: LiveSandbox): Promise<void> {
    await live.inTurn(async () => {
      if (live.isEnded || !isDue(live.record, this.#deps.clock.nowMs(), this.#deps.settings())) return;
      if (live.record.state === 'running' && live.record.onTimeout === 'pause') return void (await this.#pause(live));
      await this.#finish(live);
    });
  }
}
