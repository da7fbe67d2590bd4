import type { Endpoint } from '../../domain/calls/endpoint.ts';
import type { AttemptFlag } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { WheelTimer } from '../../platform/timer-wheel.ts';
import type { AttemptLedger } from './attempt-ledger.ts';
import type { AttemptMeter } from '../attempts/attempt-meter.ts';
import type { DispatchDeps, DispatchPlan } from '../dispatch-plan.ts';
import {
  type PreparedAttempt,
  prepareAttempt,
  type RunningAttempt,
  startStream,
  type StreamTarget,
} from '../exchange-attempts.ts';
import type { StreamEnd } from '../attempts/stream-attempt-settings.ts';

/** An attempt that is over. */
export interface EndedStream {
  readonly prepared: PreparedAttempt;
  readonly meter: AttemptMeter;
  readonly end: StreamEnd;
}

/** The attempt that decided, and those that failed before it. */
export interface RaceResult {
  readonly decided: EndedStream;
  readonly dropouts: readonly EndedStream[];
}

/** What the race is about. */
export interface RaceSettings {
  readonly plan: DispatchPlan;
  readonly deps: DispatchDeps;
  readonly ledger: AttemptLedger;
  readonly target: Omit<StreamTarget, 'claim' | 'attempts'>;
  readonly flags: readonly AttemptFlag[];
  /** Whom to ask as well, and when; undefined for a plain attempt. */
  readonly hedge: { readonly endpoint: Endpoint; readonly delayMs: number; take(): boolean } | undefined;
}

/**
 * One streamed attempt, or two on different hosts of which the first to show content wins: the other is cancelled at
 * that moment and booked as an attempt of its own.
 */
export class StreamRace implements RunningAttempt {
  readonly #settings: RaceSettings;
  readonly #running = new Map<number, RunningAttempt>();
  readonly #dropouts: EndedStream[] = [];
  #resolve: (result: RaceResult) => void = () => undefined;
  #reject: (defect: unknown) => void = () => undefined;
  #claimed: number | undefined;
  #timer: WheelTimer | undefined;
  #isPreparing = false;
  #isStopped = false;

  constructor(settings: RaceSettings) {
    this.#settings = settings;
  }

  run(first: PreparedAttempt): Promise<RaceResult> {
    const { hedge, deps } = this.#settings;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#launch(first, this.#settings.flags);
      if (hedge) this.#timer = deps.wheel.after(hedge.delayMs, () => void this.#launchHedge(hedge));
    });
  }

  cancel(): void {
    this.#stop((running) => running.cancel());
  }

  abort(fault: Fault): void {
    this.#stop((running) => running.abort(fault));
  }

  #stop(how: (running: RunningAttempt) => void): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    for (const running of this.#running.values()) how(running);
  }

  #launch(prepared: PreparedAttempt, flags: readonly AttemptFlag[]): void {
    const { ledger, target, plan, deps } = this.#settings;
    const claim = (): boolean => this.#claim(number);
    const { writer, output, lenient } = target;
    const own = { writer, output, lenient, claim, attempts: () => ledger.attempts };
    const started = startStream(prepared, own, { plan, deps });
    // Begun once it runs: what never started has no end that would give its place back.
    const number = ledger.begin(prepared.endpoint);
    this.#running.set(number, started.running);
    const { meter } = started;
    void started.ended
      .then((end) => this.#ended(number, { prepared, meter, end }, flags))
      .catch((defect: unknown) => this.#break(defect));
  }

  /** A defect of ours ends the exchange; nothing may go on upstream that nobody waits for. */
  #break(defect: unknown): void {
    this.cancel();
    this.#reject(defect);
  }

  async #launchHedge(hedge: NonNullable<RaceSettings['hedge']>): Promise<void> {
    if (!this.#wants(hedge) || !hedge.take()) return;
    this.#isPreparing = true;
    const { plan, deps } = this.#settings;
    try {
      const prepared = await prepareAttempt({ endpoint: hedge.endpoint, call: plan.call }, deps);
      this.#isPreparing = false;
      if (!Fault.is(prepared) && this.#wants(hedge)) return this.#launch(prepared, ['hedge']);
    } catch (defect) {
      return this.#break(defect);
    }
    // The first attempt may have failed in the meantime and waits for this one.
    const last = this.#dropouts.pop();
    if (last) this.#resolve({ decided: last, dropouts: this.#dropouts });
  }

  /** Much may have changed since the hedge was planned: the race, and the health of its endpoint. */
  #wants({ endpoint }: NonNullable<RaceSettings['hedge']>): boolean {
    if (this.#isStopped || this.#claimed !== undefined) return false;
    return this.#settings.deps.signals.of(endpoint.id).availability().state === 'ready';
  }

  /** The first attempt with content has the client; the others are over. */
  #claim(number: number): boolean {
    if (this.#claimed !== undefined) return this.#claimed === number;
    this.#claimed = number;
    this.#timer?.cancel();
    for (const [other, running] of this.#running) if (other !== number) running.cancel();
    return true;
  }

  #ended(number: number, ended: EndedStream, flags: readonly AttemptFlag[]): void {
    this.#running.delete(number);
    const { prepared, meter, end } = ended;
    const isLoser = this.#claimed !== undefined && this.#claimed !== number;
    this.#settings.ledger.end(number, {
      endpoint: prepared.endpoint,
      encoded: prepared.encoded,
      meter,
      fault: end.kind === 'fault' ? end.fault : undefined,
      isCancelled: end.kind === 'cancelled',
      flags: [...flags, ...this.#flagsOf(end, isLoser)],
    });
    if (isLoser) return;
    const isLast = this.#running.size === 0 && (!this.#isPreparing || this.#isStopped);
    if (this.#claimed !== number && !isLast) {
      this.#dropouts.push(ended);
      return;
    }
    this.#timer?.cancel();
    this.#resolve({ decided: ended, dropouts: this.#dropouts });
  }

  #flagsOf({ kind }: StreamEnd, isLoser: boolean): AttemptFlag[] {
    if (isLoser) return ['hedge_loser'];
    return kind !== 'cancelled' && this.#settings.target.writer.isDetached ? ['drained'] : [];
  }
}
