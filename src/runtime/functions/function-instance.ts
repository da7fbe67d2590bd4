import { join } from 'node:path';
import { Client, Pool } from 'undici';
import type { Clock } from '../../platform/clock.ts';
import { failureHeader } from './entry-module.ts';
import { type FunctionCall, FunctionExchange } from './function-exchange.ts';
import { FunctionProcess, type GuestHandlers, type ProcessSettings } from './function-process.ts';
import type { FunctionReceipt, FunctionSpec, LimitCode } from './function-spec.ts';
import { type ProcessVitals, readVitals, yieldToGateway } from './process-vitals.ts';
import { Watchdog } from './watchdog.ts';
import { socketNames } from './worker-config.ts';

/** A due time of a schedule, as the guest is told. */
export interface GuestEvent {
  readonly id: string;
  readonly cron: string;
  readonly scheduledTime: number;
}

/** A request of our own, to see whether a version works. */
export interface TrialRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
}

/** What the guest answered to one. */
export interface TrialAnswer {
  /** 0: none came. */
  readonly status: number;
  /** Its beginning. */
  readonly text: string;
  /** It threw, ended or ran out of a limit. */
  readonly hasFailed: boolean;
  readonly limit?: LimitCode;
}

interface Vitals extends ProcessVitals {
  readonly nowMs: number;
}

/** What a process used. */
export interface ProcessUse {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly memoryMibMs: number;
}

/** What an instance is started with. */
export interface InstanceSettings extends ProcessSettings {
  /** A process that waits for an app; absent: one is started. */
  readonly spare?: FunctionProcess | undefined;
  /** Told once, when the process ends without having been asked to. */
  died(receipt: FunctionReceipt): void;
}

const trialTextBytes = 256 * 1024;

/** Requests that may wait for a free place among those in flight. */
const maxWaiting = 512;

/** A running version: takes requests and events, is looked after, and is drained before it goes. */
export class FunctionInstance {
  readonly spec: FunctionSpec;
  readonly handlers: GuestHandlers;
  /** Resolves when nothing is left of it. */
  readonly gone: Promise<void>;
  readonly #process: FunctionProcess;
  readonly #pool: Pool;
  readonly #health: Client;
  readonly #watchdog: Watchdog;
  readonly #clock: Clock;
  readonly #pid: number | undefined;
  readonly #exchanges = new Set<FunctionExchange>();
  #events = 0;
  #requests = 0;
  #isPinging = false;
  #isLeaving = false;
  #killedFor: { readonly code: LimitCode; readonly allowed: number; readonly observed: number } | undefined;
  #idle: (() => void) | undefined;
  #measured: Vitals;
  readonly #used = { cpuMs: 0, wallMs: 0, memoryMibMs: 0 };

  private constructor(process: FunctionProcess, settings: InstanceSettings) {
    const { spec, clock } = settings;
    this.spec = spec;
    this.#process = process;
    this.#clock = clock;
    this.#pid = process.pid;
    if (this.#pid !== undefined) yieldToGateway(this.#pid);
    this.handlers = process.handlers;
    const timeouts = { headersTimeout: 0, bodyTimeout: 0 };
    this.#pool = new Pool('http://app', {
      ...timeouts,
      socketPath: join(process.socketFolder, socketNames.http),
      connections: spec.limits.maxInFlight,
    });
    this.#health = new Client('http://health', {
      ...timeouts,
      socketPath: join(process.socketFolder, socketNames.health),
    });
    this.#measured = this.#now();
    this.#watchdog = new Watchdog(spec.limits, this.#measured);
    this.gone = process.gone.then(async () => {
      if (!this.#isLeaving) settings.died(this.#receipt());
      await Promise.all([this.#pool.destroy(), this.#health.destroy()]);
    });
  }

  /** Gives a process its app and resolves when it takes requests. */
  static async start(settings: InstanceSettings): Promise<FunctionInstance> {
    const { spare } = settings;
    if (spare === undefined || spare.isGone) {
      return new FunctionInstance(await FunctionProcess.start(settings), settings);
    }
    await spare.load(settings);
    return new FunctionInstance(spare, settings);
  }

  /** Whether new requests may go here. */
  get isOpen(): boolean {
    return !this.#process.isGone && !this.#isLeaving && this.#killedFor === undefined;
  }

  get inFlight(): number {
    return this.#exchanges.size + this.#events;
  }

  get hasRoom(): boolean {
    return this.#exchanges.size < this.spec.limits.maxInFlight + maxWaiting;
  }

  get rssMb(): number | undefined {
    return this.#pid === undefined ? undefined : readVitals(this.#pid).rssMb;
  }

  /** What the process used since this was last asked, as of the last look at it. */
  takeUse(): ProcessUse {
    const used = { ...this.#used };
    Object.assign(this.#used, { cpuMs: 0, wallMs: 0, memoryMibMs: 0 });
    return used;
  }

  /** Hands a request to the guest. */
  forward(call: FunctionCall): void {
    this.#requests++;
    const exchange: FunctionExchange = new FunctionExchange(call, this.spec.limits, () => {
      this.#exchanges.delete(exchange);
      this.#checkIdle();
    });
    this.#exchanges.add(exchange);
    exchange.send(this.#pool);
  }

  /** Tells the guest of a due time; resolves with whether it took it well, at the latest when the signal gives up. */
  async tell(event: GuestEvent, signal?: AbortSignal): Promise<{ readonly isDone: boolean; readonly detail: string }> {
    this.#events++;
    const late = AbortSignal.timeout(this.spec.limits.wallMs);
    try {
      const { statusCode, body } = await this.#process.events.request({
        method: 'POST',
        path: '/',
        body: JSON.stringify(event),
        signal: signal === undefined ? late : AbortSignal.any([late, signal]),
      });
      await body.dump();
      return { isDone: statusCode === 204, detail: statusCode === 204 ? '' : 'the handler threw' };
    } catch {
      if (signal?.aborted === true) return { isDone: false, detail: 'it was given up' };
      return { isDone: false, detail: late.aborted ? 'wall_exceeded' : (this.#killedFor?.code ?? 'the process ended') };
    } finally {
      this.#events--;
      this.#checkIdle();
    }
  }

  /** Puts a request of our own to the guest; what it answers goes no further than to the caller. */
  async ask({ method, path, headers, body }: TrialRequest): Promise<TrialAnswer> {
    this.#events++;
    try {
      const signal = AbortSignal.timeout(this.spec.limits.wallMs);
      const sent = { method: method as 'GET', path, headers: { host: 'app.invalid', ...headers }, signal };
      const answer = await this.#pool.request({ ...sent, body: body ?? null });
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        sizeBytes += chunk.length;
        if (sizeBytes > trialTextBytes) break;
        chunks.push(chunk);
      }
      const hasFailed = answer.headers[failureHeader] !== undefined;
      return { status: answer.statusCode, text: Buffer.concat(chunks).toString('utf8'), hasFailed };
    } catch (error) {
      const isLate = error instanceof Error && error.name === 'TimeoutError';
      const limit = isLate ? ('wall_exceeded' as const) : this.#killedFor?.code;
      return { status: 0, text: '', hasFailed: true, ...(limit !== undefined && { limit }) };
    } finally {
      this.#events--;
      this.#checkIdle();
    }
  }

  /**
   * One look of the watchdog, at its own pace. Answers whether the process is worn and should be replaced; one that is
   * stuck or far too large is ended here.
   */
  look(): 'fine' | 'worn' {
    const now = this.#now();
    this.#measure(now);
    if (this.inFlight === 0) this.#watchdog.answered(now);
    else if (this.#isPinging) this.#watchdog.missed();
    else this.#ping();
    const { limits } = this.spec;
    const verdict = this.#watchdog.judge({ ...now, inFlight: this.inFlight, requests: this.#requests });
    if (verdict === 'stuck') this.#kill('cpu_exceeded', limits.cpuMs, this.#watchdog.stallMs(now));
    if (verdict === 'too_large') this.#kill('memory_exceeded', 2 * limits.recycleRssMb, now.rssMb ?? 0);
    return verdict === 'worn' ? 'worn' : 'fine';
  }

  /** Takes nothing new, lets what runs finish until the deadline, then ends the process. */
  async drain(graceMs: number): Promise<void> {
    this.#isLeaving = true;
    if (this.inFlight > 0) {
      const deadline = setTimeout(() => this.#idle?.(), graceMs);
      await new Promise<void>((resolve) => (this.#idle = resolve));
      clearTimeout(deadline);
    }
    this.#measure(this.#now());
    this.#process.kill();
    await this.gone;
  }

  pauseOutput(): void {
    this.#process.pauseOutput();
  }

  resumeOutput(): void {
    this.#process.resumeOutput();
  }

  #ping(): void {
    this.#isPinging = true;
    this.#health.request({ method: 'GET', path: '/' }).then(
      async ({ body }) => {
        await body.dump();
        this.#isPinging = false;
        this.#watchdog.answered(this.#now());
      },
      () => {
        this.#isPinging = false;
      },
    );
  }

  #kill(code: LimitCode, allowed: number, observed: number): void {
    if (this.#killedFor !== undefined) return;
    this.#killedFor = { code, allowed, observed: Math.round(observed) };
    for (const exchange of this.#exchanges) exchange.killedFor(code);
    this.#process.kill();
  }

  #checkIdle(): void {
    if (this.inFlight === 0) this.#idle?.();
  }

  #receipt(): FunctionReceipt {
    const { app, version } = this.spec;
    const isOutOfHeap = /heap out of memory|Reached heap limit|OOM/i.test(this.#process.tail);
    const ended = this.#killedFor ?? { code: isOutOfHeap ? ('memory_exceeded' as const) : ('exited' as const) };
    return {
      ...ended,
      app,
      version,
      atMs: this.#clock.nowMs(),
      inFlight: this.inFlight,
      detail: this.#process.tail.slice(-2000),
    };
  }

  #measure(now: Vitals): void {
    const { nowMs, cpuMs = 0 } = this.#measured;
    const wallMs = now.nowMs - nowMs;
    this.#used.wallMs += wallMs;
    this.#used.memoryMibMs += (now.rssMb ?? 0) * wallMs;
    this.#used.cpuMs += Math.max(0, (now.cpuMs ?? cpuMs) - cpuMs);
    this.#measured = { ...now, cpuMs: now.cpuMs ?? cpuMs };
  }

  #now(): Vitals {
    const vitals = this.#pid === undefined ? undefined : readVitals(this.#pid);
    return { nowMs: this.#clock.monotonicMs(), cpuMs: vitals?.cpuMs, rssMb: vitals?.rssMb };
  }
}
