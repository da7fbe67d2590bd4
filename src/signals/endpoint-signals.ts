import type { FaultCode } from '../domain/faults/fault-codes.ts';
import { faultKinds } from '../domain/faults/fault-codes.ts';
import type { Clock } from '../platform/clock.ts';
import { CallSketches, type EndpointHealth } from './call-sketches.ts';
import type { Circuit } from './circuit.ts';
import { LatencyWindow } from './latency-window.ts';
import { RecentSuccess } from './recent-success.ts';
import type { AttemptEnd } from './share-window.ts';
import { RetryBudget } from './retry-budget.ts';

/** How one attempt ended, as far as the endpoint's health is concerned. */
export interface AttemptSample {
  /** Absent on success; `client_gone` when the attempt says nothing about the endpoint. */
  readonly fault?: FaultCode;
  readonly retryAfterMs?: number;
  readonly firstTokenMs?: number;
  readonly totalMs: number;
  readonly outputTokens?: number;
  /** Size of the prompt, by which speed differs; absent counts as small. */
  readonly inputTokens?: number | undefined;
  /** What `begin` returned for this attempt. */
  readonly admission?: number;
}

/** Can an endpoint be tried now, and if not, when? */
export type Availability =
  | { readonly state: 'ready' }
  | { readonly state: 'cooling'; readonly untilMs: number }
  | { readonly state: 'open'; readonly untilMs: number };

/** Figures of one endpoint for people and for routing. */
export interface EndpointSpeed {
  readonly attempts: number;
  readonly faults: number;
  readonly firstTokenP50Ms: number | undefined;
  readonly firstTokenP95Ms: number | undefined;
  readonly outputTokensPerSecond: number | undefined;
  readonly circuit: 'closed' | 'open' | 'half-open';
  readonly coolingUntilMs: number;
}

const opensAtOnce: ReadonlySet<FaultCode> = new Set(['upstream_auth', 'upstream_quota', 'upstream_model_gone']);
const defaultCoolingMs = 1000;
/**
 * Hosts have asked for days, and for moments in wrong units. Believing a true one a quarter of an hour at a time costs
 * one refused call in each; believing a false one would take the endpoint out until we are restarted.
 */
const maxCoolingMs = 15 * 60_000;
const ready: Availability = { state: 'ready' };

/** Live health and speed of one endpoint, from its attempts. */
export class EndpointSignals {
  readonly #clock: Clock;
  readonly #circuit: Circuit;
  readonly #retries = new RetryBudget();
  readonly #firstTokenMs = new LatencyWindow();
  readonly #tokensPerSecond = new LatencyWindow();
  readonly #sketches = new CallSketches();
  readonly #recent = new RecentSuccess();
  #coolingUntilMs = 0;
  #attempts = 0;
  #faults = 0;

  constructor(clock: Clock, circuit: Circuit) {
    this.#clock = clock;
    this.#circuit = circuit;
  }

  availability(): Availability {
    const nowMs = this.#clock.monotonicMs();
    if (this.#circuit.state(nowMs) === 'open') {
      return { state: 'open', untilMs: Math.max(this.#circuit.openUntilMs, nowMs) };
    }
    return this.#coolingUntilMs > nowMs ? { state: 'cooling', untilMs: this.#coolingUntilMs } : ready;
  }

  /** An attempt begins; its end brings back the number returned here. */
  begin(): number {
    const nowMs = this.#clock.monotonicMs();
    this.#retries.noteAttempt(nowMs);
    return this.#circuit.enter(nowMs);
  }

  /** May this endpoint take an attempt beyond the first of an exchange? */
  takeRetry(): boolean {
    return this.#retries.takeExtra(this.#clock.monotonicMs());
  }

  end(sample: AttemptSample): void {
    const nowMs = this.#clock.monotonicMs();
    this.#attempts++;
    if (sample.firstTokenMs !== undefined) this.#firstTokenMs.add(sample.firstTokenMs, nowMs);
    this.#noteSpeed(sample, nowMs);
    const end = endOf(sample.fault);
    if (end !== undefined) this.#sketch(sample, end, nowMs);
    if (sample.fault === undefined) return this.#circuit.succeed(nowMs, sample.admission);
    const kind = faultKinds[sample.fault];
    if (kind.blame === 'upstream') this.#faults++;
    if (sample.fault === 'upstream_rate_limited') {
      this.#coolingUntilMs = nowMs + Math.min(sample.retryAfterMs ?? defaultCoolingMs, maxCoolingMs);
      this.#circuit.release(sample.admission);
    } else if (kind.breaker) this.#circuit.fail(nowMs, opensAtOnce.has(sample.fault), sample.admission);
    else this.#circuit.release(sample.admission);
  }

  /** Reliability and speed for prompts of a size; what happened in the last seconds outweighs a good past. */
  health(inputTokens: number): EndpointHealth {
    const nowMs = this.#clock.monotonicMs();
    const health = this.#sketches.health(inputTokens, nowMs);
    return { ...health, okShare: Math.min(health.okShare, this.#recent.share(nowMs)) };
  }

  speed(): EndpointSpeed {
    const nowMs = this.#clock.monotonicMs();
    return {
      attempts: this.#attempts,
      faults: this.#faults,
      firstTokenP50Ms: this.#firstTokenMs.quantile(0.5, nowMs),
      firstTokenP95Ms: this.#firstTokenMs.quantile(0.95, nowMs),
      outputTokensPerSecond: this.#tokensPerSecond.quantile(0.5, nowMs),
      circuit: this.#circuit.state(nowMs),
      coolingUntilMs: this.#coolingUntilMs,
    };
  }

  #sketch(sample: AttemptSample, end: AttemptEnd, nowMs: number): void {
    const { firstTokenMs, totalMs, inputTokens = 0 } = sample;
    this.#recent.note(end === 'ok', nowMs);
    this.#sketches.note({ end, inputTokens, firstTokenMs, totalMs, tokensPerSecond: tokensPerSecondOf(sample) }, nowMs);
  }

  #noteSpeed(sample: AttemptSample, nowMs: number): void {
    const tokensPerSecond = tokensPerSecondOf(sample);
    if (tokensPerSecond !== undefined) this.#tokensPerSecond.add(tokensPerSecond, nowMs);
  }
}

function tokensPerSecondOf({ fault, outputTokens, firstTokenMs, totalMs }: AttemptSample): number | undefined {
  if (fault !== undefined || outputTokens === undefined || firstTokenMs === undefined) return undefined;
  const generatingMs = totalMs - firstTokenMs;
  return generatingMs > 0 && outputTokens > 1 ? (outputTokens / generatingMs) * 1000 : undefined;
}

const timeouts: ReadonlySet<FaultCode> = new Set(['upstream_timeout']);

/** What an end says about the endpoint; undefined when it says nothing. */
function endOf(fault: FaultCode | undefined): AttemptEnd | undefined {
  if (fault === undefined) return 'ok';
  if (fault === 'upstream_rate_limited') return 'rateLimited';
  if (timeouts.has(fault)) return 'timeout';
  return faultKinds[fault].blame === 'upstream' ? 'error' : undefined;
}
