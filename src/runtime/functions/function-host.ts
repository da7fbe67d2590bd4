import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import type { Isolation, ProbeReport } from '../contract.ts';
import type { EgressAudit } from '../egress/index.ts';
import type { Engines } from './find-engines.ts';
import { FunctionInstance, type ProcessUse } from './function-instance.ts';
import type { ProcessFrame } from './empty-process.ts';
import { frameOf, FunctionProcess, type ProcessLine } from './function-process.ts';
import { defaultLimits, type FunctionReceipt, type FunctionSpec } from './function-spec.ts';
import { FunctionStartError } from './function-start-error.ts';
import { probeFunctions } from './probe-functions.ts';
import { SpareProcesses } from './spare-processes.ts';
import { StartBackoff } from './start-backoff.ts';

/** What functions run on and whom they tell. */
export interface FunctionHostSettings {
  readonly engines: Engines;
  /** For the folders of processes; short, since sockets lie in it. */
  readonly root: string;
  readonly clock: Clock;
  /** Processes at once; beyond it those that nobody uses make room. */
  readonly maxInstances?: number;
  /** Processes that wait for an app as long as there are any apps; one unless said. */
  readonly spares?: number;
  newId(): string;
  line(spec: FunctionSpec, line: ProcessLine, instance: FunctionInstance | undefined): void;
  audit(entry: EgressAudit): void;
  receipt(receipt: FunctionReceipt): void;
  /** Told often of what processes used. */
  used?(spec: FunctionSpec, use: ProcessUse): void;
}

/** Which process is meant. */
export type FunctionId = Pick<FunctionSpec, 'app' | 'version' | 'generation'>;

interface Slot {
  spec: FunctionSpec;
  current: FunctionInstance | undefined;
  starting: Promise<FunctionInstance> | undefined;
  usedAtMs: number;
  readonly backoff: StartBackoff;
}

const lookEveryMs = 250;
const idleMs = 60_000;
const drainMs = 30_000;

/** A version that cannot take requests right now. */
export class FunctionUnavailableError extends Error {
  override readonly name = 'FunctionUnavailableError';
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Keeps one process for each version that is in use: starts, watches, replaces and ends them. */
export class FunctionHost {
  readonly #settings: FunctionHostSettings;
  readonly #slots = new Map<string, Slot>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  readonly #spares: SpareProcesses;
  #startedAtMs = 0;
  #kept: ReadonlySet<string> = new Set();
  #report: Promise<ProbeReport> | undefined;
  #isolation: Isolation | undefined;
  #isClosed = false;

  constructor(settings: FunctionHostSettings) {
    this.#settings = settings;
    this.#spares = new SpareProcesses({ most: settings.spares ?? 1, start: (frame) => this.#startEmpty(frame) });
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
    this.#timer.unref();
  }

  /** Finds out what separates functions from everything else here: once, unless asked to do so again. */
  probe(isAgain = false): Promise<ProbeReport> {
    if (isAgain) this.#report = undefined;
    this.#report ??= probeFunctions(this.#settings).then((report) => {
      this.#isolation = report.isolation;
      return report;
    });
    return this.#report;
  }

  /** As probed; undefined before. */
  get isolation(): Isolation | undefined {
    return this.#isolation;
  }

  /** The process of a version: at once when it runs, else when it is started. */
  acquire(spec: FunctionSpec): FunctionInstance | Promise<FunctionInstance> {
    const slot = this.#slotOf(spec);
    slot.usedAtMs = this.#settings.clock.monotonicMs();
    if (slot.current?.isOpen === true) return slot.current;
    return this.#start(slot);
  }

  /** The process of a version, if one takes requests. */
  running(spec: FunctionId): FunctionInstance | undefined {
    const current = this.#slots.get(keyOf(spec))?.current;
    return current?.isOpen === true ? current : undefined;
  }

  /** Says which versions stay warm although nobody asks for them; the others end when they have been idle. */
  keep(versions: Iterable<FunctionId>): void {
    this.#kept = new Set([...versions].map(keyOf));
    if (this.#kept.size > 0 && this.#spares.isEmpty) this.#refill(frameOf({ limits: defaultLimits }));
  }

  /** Resolves when no process is being made ahead. */
  spared(): Promise<void> {
    return this.#spares.settled();
  }

  /** Ends those that were made ahead; the next start makes new ones. */
  clearSpares(): Promise<void> {
    return this.#spares.clear();
  }

  /** Forgets a version and ends its process. */
  retire(spec: FunctionId, graceMs = drainMs): void {
    const slot = this.#slots.get(keyOf(spec));
    if (slot === undefined) return;
    this.#slots.delete(keyOf(spec));
    if (slot.current !== undefined) this.#leave(slot.current, graceMs);
    slot.starting?.then((late) => this.#leave(late, 0)).catch(() => undefined);
  }

  get size(): number {
    return this.#slots.size;
  }

  /** Ends every process, letting what runs finish within the grace. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    const starting = [...this.#slots.values()].map(({ starting: one }) => one);
    for (const { spec } of this.#slots.values()) this.retire(spec, graceMs);
    await Promise.allSettled(starting);
    await Promise.all([this.#spares.clear(), ...this.#leaving]);
  }

  #slotOf(spec: FunctionSpec): Slot {
    const key = keyOf(spec);
    const known = this.#slots.get(key);
    if (known !== undefined) {
      // Secrets may have changed behind the same version; its next process has them.
      known.spec = spec;
      return known;
    }
    this.#makeRoom();
    const slot = { spec, current: undefined, starting: undefined, usedAtMs: 0, backoff: new StartBackoff() };
    this.#slots.set(key, slot);
    return slot;
  }

  #start(slot: Slot): Promise<FunctionInstance> {
    if (this.#isClosed) return Promise.reject(new FunctionUnavailableError('the gateway is stopping', 1000));
    const waitMs = slot.backoff.waitMs(this.#settings.clock.monotonicMs());
    if (slot.starting === undefined && waitMs > 0) {
      return Promise.reject(new FunctionUnavailableError('it ended several times while it started', waitMs));
    }
    slot.starting ??= this.#launch(slot).finally(() => (slot.starting = undefined));
    return slot.starting;
  }

  async #launch(slot: Slot): Promise<FunctionInstance> {
    const { spec } = slot;
    const { isolation } = await this.probe();
    try {
      const started = await this.#open(spec, isolation.tier !== 'language');
      slot.current = started;
      this.#startedAtMs = this.#settings.clock.monotonicMs();
      slot.backoff.started(this.#startedAtMs);
      return started;
    } catch (error) {
      slot.backoff.failed(this.#settings.clock.monotonicMs());
      if (!(error instanceof FunctionStartError)) throw error;
      const { app, version } = spec;
      const atMs = this.#settings.clock.nowMs();
      this.#settings.receipt({ app, version, atMs, code: 'start_failed', detail: error.message, inFlight: 0 });
      throw error;
    } finally {
      // Only now: the one that somebody waits for has the processor to itself.
      this.#refill(frameOf(spec));
    }
  }

  async #open(spec: FunctionSpec, isSandboxed: boolean): Promise<FunctionInstance> {
    const { engines, root, clock, newId, line, audit, receipt } = this.#settings;
    const own: { instance?: FunctionInstance } = {};
    const spare = await this.#spares.take(frameOf(spec))?.catch(() => undefined);
    own.instance = await FunctionInstance.start({
      spec,
      spare,
      engines,
      isSandboxed,
      folder: join(root, newId()),
      clock,
      line: (one) => line(spec, one, own.instance),
      audit,
      died: (ended) => {
        const slot = this.#slots.get(keyOf(spec));
        if (slot !== undefined && slot.current === own.instance) {
          slot.current = undefined;
          if (ended.code === 'exited') slot.backoff.failed(clock.monotonicMs());
        }
        receipt(ended);
      },
    });
    return own.instance;
  }

  #refill(frame: ProcessFrame): void {
    if (!this.#isClosed) this.#spares.refill(frame);
  }

  async #startEmpty(frame: ProcessFrame): Promise<FunctionProcess> {
    const { engines, root, newId } = this.#settings;
    const { isolation } = await this.probe();
    const isSandboxed = isolation.tier !== 'language';
    return FunctionProcess.startEmpty({ frame, engines, isSandboxed, folder: join(root, newId()) });
  }

  #look(): void {
    const nowMs = this.#settings.clock.monotonicMs();
    const isUnused = this.#slots.size === 0 && this.#kept.size === 0 && nowMs - this.#startedAtMs > idleMs;
    if (isUnused) void this.clearSpares();
    for (const [key, slot] of this.#slots) {
      const { current } = slot;
      if (current === undefined) {
        if (slot.starting === undefined && nowMs - slot.usedAtMs > idleMs) this.#slots.delete(key);
        continue;
      }
      this.#settings.used?.(current.spec, current.takeUse());
      const isIdle = current.inFlight === 0 && nowMs - slot.usedAtMs > idleMs;
      if (isIdle && !this.#kept.has(key)) this.retire(current.spec);
      else if (current.look() === 'worn' && slot.starting === undefined && slot.backoff.waitMs(nowMs) === 0) {
        this.#renew(slot);
      }
    }
  }

  /** The new process takes over before the old one is drained. */
  #renew(slot: Slot): void {
    const worn = slot.current;
    slot.starting = this.#launch(slot).finally(() => (slot.starting = undefined));
    slot.starting
      .then(() => {
        if (worn !== undefined) this.#leave(worn, drainMs);
      })
      // The worn one stays; the receipt of the failed start has been written.
      .catch(() => undefined);
  }

  #leave(instance: FunctionInstance, graceMs: number): void {
    const left = instance.drain(graceMs).finally(() => {
      this.#settings.used?.(instance.spec, instance.takeUse());
      this.#leaving.delete(left);
    });
    this.#leaving.add(left);
  }

  #makeRoom(): void {
    const { maxInstances = 64 } = this.#settings;
    if (this.#slots.size < maxInstances) return;
    const idle = [...this.#slots.values()]
      .filter(({ current, starting }) => starting === undefined && (current?.inFlight ?? 0) === 0)
      .sort((left, right) => left.usedAtMs - right.usedAtMs);
    const [oldest] = idle;
    if (oldest === undefined) throw new FunctionUnavailableError('too many apps are at work', 1000);
    this.retire(oldest.spec, 0);
  }
}

function keyOf({ app, version, generation = '' }: FunctionId): string {
  return `${app}/${version}/${generation}`;
}
