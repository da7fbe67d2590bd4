import type { Simulator, SimulatorOptions, SimulatorStats } from '../../src/simulator/index.ts';
import { startSimulator } from '../../src/simulator/index.ts';

export { collect } from './collect.ts';
export type { RawAnswer } from './raw-answer.ts';
export { postRaw } from './raw-answer.ts';

/** A simulator with what tests need beside it: base URLs, waiting on counters, the last request as JSON. */
export interface FakeUpstream extends Simulator {
  /** Base URL of the OpenAI and Anthropic dialects. */
  readonly baseUrl: string;
  /** Base URL of the Gemini dialect. */
  readonly geminiUrl: string;
  /** Resolves with the counters as soon as they meet the condition; rejects with them after the time limit. */
  until(condition: (stats: SimulatorStats) => boolean, timeoutMs?: number): Promise<SimulatorStats>;
  /** Starts the clock, and resolves with the milliseconds until the next client abort is seen. */
  timeAbort(abort: () => void): Promise<number>;
  /** Body of the latest recorded request. */
  lastBody(): Record<string, unknown>;
  /** Headers of the latest recorded request. */
  lastHeaders(): { readonly [name: string]: string };
}

const defaultTimeoutMs = 30_000;

/** Starts one fake upstream on a free loopback port. */
export async function startFakeUpstream(options: SimulatorOptions = {}): Promise<FakeUpstream> {
  const simulator = await startSimulator(options);
  const until: FakeUpstream['until'] = (condition, timeoutMs) => waitFor(simulator, condition, timeoutMs);
  return {
    ...simulator,
    baseUrl: `${simulator.url}/v1`,
    geminiUrl: `${simulator.url}/v1beta`,
    until,
    async timeAbort(abort) {
      const earlier = simulator.stats().aborts;
      simulator.mark();
      abort();
      const stats = await until((now) => now.aborts > earlier);
      return stats.recentAborts.at(-1)?.sinceMarkMs ?? Number.NaN;
    },
    lastBody: () => JSON.parse(simulator.stats().recent.at(-1)?.bodyText ?? '{}') as Record<string, unknown>,
    lastHeaders: () => simulator.stats().recent.at(-1)?.headers ?? {},
  };
}

/** Starts several, for failover and balancing; each signs and caches under its own label. */
export function startFakeUpstreams(count: number, options: SimulatorOptions = {}): Promise<readonly FakeUpstream[]> {
  return Promise.all(Array.from({ length: count }, () => startFakeUpstream(options)));
}

function waitFor(
  simulator: Simulator,
  condition: (stats: SimulatorStats) => boolean,
  timeoutMs = defaultTimeoutMs,
): Promise<SimulatorStats> {
  return new Promise((resolve, reject) => {
    const finish = (action: () => void): void => {
      clearTimeout(timer);
      stopListening();
      action();
    };
    const check = (): void => {
      const stats = simulator.stats();
      if (condition(stats)) finish(() => resolve(stats));
    };
    const timer = setTimeout(() => {
      const { recent: _recent, ...counts } = simulator.stats();
      finish(() => reject(new Error(`the condition was not met in ${timeoutMs} ms: ${JSON.stringify(counts)}`)));
    }, timeoutMs);
    const stopListening = simulator.onChange(check);
    check();
  });
}
