import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type { StandingUse } from '../compute/standing-use.ts';
import type { Driver, Sandbox } from '../contract.ts';
import { DiskRoom } from './disk-room.ts';
import { SandboxCommands } from './sandbox-commands.ts';
import { SandboxFiles } from './sandbox-files.ts';
import { sandboxSpec } from './sandbox-spec.ts';
import type { SandboxStore } from './sandbox-store.ts';
import type { SandboxMetric, SandboxRecord, SandboxSettings } from './sandbox-types.ts';

/** What a long-lived sandbox is made with. */
export interface LiveSandboxDeps {
  readonly driver: Driver;
  readonly store: SandboxStore;
  readonly clock: Clock;
  readonly settings: () => SandboxSettings;
  /** Where what it uses is charged; absent: nobody pays. */
  readonly charged?: Pick<StandingUse, 'note' | 'isMetering'> | undefined;
}

const mib = 1024 * 1024;
/** An hour, at one every five seconds. */
const mostMetrics = 720;

/**
 * A sandbox that lives longer than its processes: its record and its disk stay, and what runs is started again when it
 * is next needed, be it after a pause, a restart of the product, or because its first process ended.
 */
export class LiveSandbox {
  readonly commands: SandboxCommands;
  readonly files: SandboxFiles;
  readonly metrics: SandboxMetric[] = [];
  readonly #deps: LiveSandboxDeps;
  #record: SandboxRecord;
  #booted: Promise<Sandbox> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #disk: DiskRoom;
  #halting: Promise<void> | undefined;
  #seen: { readonly atMs: number; readonly cpuMs: number } | undefined;
  #isEnded = false;
  #isKept: boolean;

  /** `isKept`: an earlier process made it, and may have been killed in the middle of something. */
  constructor(record: SandboxRecord, deps: LiveSandboxDeps, isKept = false) {
    this.#isKept = isKept;
    this.#record = record;
    this.#deps = deps;
    this.#disk = new DiskRoom({
      measure: () => deps.store.usedBytes(this.#record.id),
      mostBytes: () => deps.settings().diskBytes,
      nowMs: () => deps.clock.monotonicMs(),
    });
    const sandbox = (): Promise<Sandbox> => this.boot();
    this.files = new SandboxFiles(sandbox, { fileBytes: deps.settings().fileBytes, disk: this.#disk });
    this.commands = new SandboxCommands(sandbox, { disk: this.#disk, folderExists: (path) => this.#isFolder(path) });
  }

  get record(): SandboxRecord {
    return this.#record;
  }

  /** Whether processes of it are there now. */
  get isUp(): boolean {
    return this.#booted !== undefined;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** One change of its state after the other. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work, work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Changes what outlives it; durable when it resolves. Throws a `not_found` once it ended. */
  async change(difference: Partial<SandboxRecord>): Promise<void> {
    if (this.#isEnded) throw this.#absent();
    const changed = { ...this.#record, ...difference };
    await this.#deps.store.save(changed);
    this.#record = changed;
  }

  /** Takes a sandbox that was made ahead on its disk; what that one used before is not this one's. */
  async adopt(sandbox: Sandbox): Promise<void> {
    this.#follow(Promise.resolve(sandbox));
    const atMs = this.#deps.clock.monotonicMs();
    const { cpuMs } = await sandbox.stats().catch(() => ({ cpuMs: null }));
    this.#seen ??= { atMs, cpuMs: cpuMs ?? 0 };
  }

  /** The running sandbox; started if it is not there. Throws a `not_found` when it may not run. */
  async boot(): Promise<Sandbox> {
    // What is being ended must not start again under the hands of who ends it.
    while (this.#halting) await this.#halting;
    if (this.#isEnded || this.#record.state !== 'running') throw this.#absent();
    if (this.#booted) return this.#booted;
    this.#seen = { atMs: this.#deps.clock.monotonicMs(), cpuMs: 0 };
    return this.#follow(this.#start());
  }

  #absent(): Fault {
    return new Fault('not_found', { message: `The sandbox ${this.#record.id} does not run.` });
  }

  #follow(booting: Promise<Sandbox>): Promise<Sandbox> {
    this.#booted = booting;
    const forget = (): void => {
      if (this.#booted === booting) this.#booted = undefined;
    };
    booting.then(({ gone }) => void gone.then(forget), forget);
    return booting;
  }

  /** Ends its processes and then does what goes with that; until both are done nothing of it starts. Only in turn. */
  async halt(then?: () => Promise<void>): Promise<void> {
    const halting = this.#stop().then(then);
    this.#halting = halting.then(
      () => undefined,
      () => undefined,
    );
    try {
      await halting;
    } finally {
      this.#halting = undefined;
    }
  }

  async #stop(): Promise<void> {
    // The last of what it used.
    if (this.#deps.charged?.isMetering === true) await this.sample().catch(() => undefined);
    const booted = this.#booted;
    this.#booted = undefined;
    this.#seen = undefined;
    const sandbox = await booted?.catch(() => undefined);
    await sandbox?.destroy();
  }

  /** Ends it for good and leaves nothing. */
  async end(): Promise<void> {
    this.#isEnded = true;
    await this.halt();
    await this.#deps.store.remove(this.#record.id);
  }

  /** Looks what its disk holds; beyond its bound all its processes are ended, listed or not. */
  async checkDisk(freshMs = 0): Promise<void> {
    await this.#disk.look(freshMs);
    if (this.#disk.isOver && this.isUp) await this.inTurn(() => this.#haltFull());
  }

  async #haltFull(): Promise<void> {
    if (this.#disk.isOver && this.isUp) await this.halt();
  }

  /** Notes what it uses now; nothing while it does not run. */
  async sample(): Promise<void> {
    const sandbox = await this.#booted?.catch(() => undefined);
    if (!sandbox?.alive) return;
    const { clock, settings } = this.#deps;
    const { cpuMs, memoryBytes } = await sandbox.stats();
    const atMs = clock.monotonicMs();
    const before = this.#seen;
    this.#seen = { atMs, cpuMs: cpuMs ?? 0 };
    const spentMs = before === undefined ? 0 : Math.max(0, (cpuMs ?? 0) - before.cpuMs);
    const passedMs = before === undefined ? 1 : Math.max(1, atMs - before.atMs);
    this.#deps.charged?.note(this.#record.id, {
      cpuMs: cpuMs === null ? null : spentMs,
      wallMs: passedMs,
      memoryMibMs: memoryBytes === null ? null : (memoryBytes / mib) * passedMs,
    });
    this.metrics.push({
      atMs: clock.nowMs(),
      cpuCount: 1,
      cpuUsedPct: Math.min(100, Math.round((spentMs / passedMs) * 1000) / 10),
      memoryUsedBytes: memoryBytes ?? 0,
      memoryTotalBytes: settings().memoryBytes,
      diskUsedBytes: this.#disk.usedBytes,
      diskTotalBytes: settings().diskBytes,
    });
    if (this.metrics.length > mostMetrics) this.metrics.shift();
  }

  async #start(): Promise<Sandbox> {
    const { driver, store, settings } = this.#deps;
    if (this.#isKept) await store.clearUploads(this.#record.id);
    this.#isKept = false;
    const disk = store.diskOf(this.#record.id);
    return driver.create(sandboxSpec(disk, settings()));
  }

  async #isFolder(path: string): Promise<boolean> {
    const found = await this.files.stat(path).catch((error: unknown) => {
      if (Fault.is(error) && error.code === 'not_found') return undefined;
      throw error;
    });
    return found?.type === 'directory';
  }
}
