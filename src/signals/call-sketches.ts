import { LatencyWindow } from './latency-window.ts';
import { type AttemptEnd, type EndCounts, ShareWindow } from './share-window.ts';

/** What one attempt showed of its endpoint. */
export interface SketchedCall {
  readonly end: AttemptEnd;
  readonly inputTokens: number;
  readonly firstTokenMs?: number | undefined;
  readonly totalMs: number;
  readonly tokensPerSecond?: number | undefined;
}

/** Reliability and speed of an endpoint for prompts of one size. */
export interface EndpointHealth {
  /** Attempts behind it. */
  readonly attempts: number;
  /** Share that went well, pulled to the usual while there are few. */
  readonly okShare: number;
  readonly ends: EndCounts;
  /** First-token time within which a share of the answers began; undefined before any. */
  firstTokenMs(share: number): number | undefined;
  /** Speed that a share of the answers stays under. */
  tokensPerSecond(share: number): number | undefined;
}

interface Sketch {
  readonly firstToken: LatencyWindow;
  readonly speed: LatencyWindow;
  readonly ends: ShareWindow;
}

/** Five minutes, one hour, one day. */
const windowsMs: readonly number[] = [300_000, 3_600_000, 86_400_000];
/** Upper bounds of prompt sizes in tokens; the last size is open. */
const sizes: readonly number[] = [1000, 8000, 32_000];
/** Fewer attempts than this say too little: the next longer window is asked. */
const enoughAttempts = 5;
const usualOkShare = 0.97;
const usualWeight = 4;
/** A failed call made its user wait for the next one at least this long. */
const failureMs = 10_000;

/** Sketches of one endpoint by prompt size and window; a failure counts as a slow answer, never as a missing one. */
export class CallSketches {
  readonly #sketches: (readonly Sketch[] | undefined)[] = [];

  note(call: SketchedCall, nowMs: number): void {
    const size = sizeOf(call.inputTokens);
    const sketches = (this.#sketches[size] ??= windowsMs.map(newSketch));
    for (const { firstToken, speed, ends } of sketches) {
      ends.add(call.end, nowMs);
      if (call.end !== 'ok') firstToken.add(Math.max(call.totalMs, failureMs), nowMs);
      else if (call.firstTokenMs !== undefined) firstToken.add(call.firstTokenMs, nowMs);
      if (call.tokensPerSecond !== undefined) speed.add(call.tokensPerSecond, nowMs);
    }
  }

  /** By the shortest window that saw enough; another prompt size stands in for one that was never seen. */
  health(inputTokens: number, nowMs: number): EndpointHealth {
    const sketches = this.#sketches[sizeOf(inputTokens)] ?? this.#sketches.find((one) => one !== undefined);
    const seen = sketches?.find(({ ends }) => total(ends.counts(nowMs)) >= enoughAttempts) ?? sketches?.at(-1);
    const ends = seen?.ends.counts(nowMs) ?? { ok: 0, error: 0, timeout: 0, rateLimited: 0 };
    const attempts = total(ends);
    return {
      attempts,
      okShare: (ends.ok + usualOkShare * usualWeight) / (attempts + usualWeight),
      ends,
      firstTokenMs: (share) => seen?.firstToken.quantile(share, nowMs),
      tokensPerSecond: (share) => seen?.speed.quantile(share, nowMs),
    };
  }
}

function newSketch(windowMs: number): Sketch {
  return {
    firstToken: new LatencyWindow(windowMs),
    speed: new LatencyWindow(windowMs),
    ends: new ShareWindow(windowMs),
  };
}

function sizeOf(inputTokens: number): number {
  const at = sizes.findIndex((most) => inputTokens < most);
  return at < 0 ? sizes.length : at;
}

function total({ ok, error, timeout, rateLimited }: EndCounts): number {
  return ok + error + timeout + rateLimited;
}
