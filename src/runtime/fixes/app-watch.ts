import type { AppMeter } from '../apps/app-meter.ts';
import type { LogBook } from '../apps/log-book.ts';
import type { RequestSamples } from '../apps/request-samples.ts';
import { failureReport } from './failure-report.ts';
import { secretHider } from './hide-secrets.ts';
import type { ToldFailure } from './failure-book.ts';

/** What apps are watched with. */
export interface AppWatchDeps {
  readonly meter: Pick<AppMeter, 'recent' | 'figures'>;
  readonly logs: Pick<LogBook, 'read'>;
  readonly samples: Pick<RequestSamples, 'of'>;
  /** Versions that are served, with what may fail of them. */
  served(): Iterable<WatchedVersion>;
  /** Told once for each version that fails more than it may. */
  failing(failure: ToldFailure): void;
}

/** A version that is served. */
export interface WatchedVersion {
  readonly app: string;
  readonly version: string;
  readonly errorRate: number;
  readonly minRequests: number;
}

/** What is watched where nobody said otherwise: the rule that also ends canaries. */
export const defaultErrorBound = { errorRate: 0.1, minRequests: 20 } as const;

const mostTold = 1000;
const lines = 100;

/** Finds versions that fail a larger share of their requests than they may. */
export class AppWatch {
  readonly #deps: AppWatchDeps;
  readonly #told = new Set<string>();

  constructor(deps: AppWatchDeps) {
    this.#deps = deps;
  }

  /** One look at every version. */
  look(): void {
    const { meter, failing } = this.#deps;
    for (const { app, version, errorRate, minRequests } of this.#deps.served()) {
      const key = `${app}/${version}`;
      const { requests, failures } = meter.recent(app, version);
      if (this.#told.has(key) || requests < minRequests || failures <= errorRate * requests) continue;
      this.#told.add(key);
      if (this.#told.size > mostTold) this.#told.delete(this.#told.values().next().value ?? '');
      failing(this.describe(app, version));
    }
  }

  /** How a version has been failing, also one that fails less than it may: for whoever asks. */
  describe(app: string, version: string): ToldFailure {
    const { meter, logs, samples } = this.#deps;
    const { requests, failures } = meter.recent(app, version);
    const ended = meter.figures(app).receipts.filter((one) => one.version === version);
    const log = logs.read(app, { version, level: 'error', limit: lines }).map(({ text }) => text);
    const stderr = [
      `${failures} of ${requests} requests of the last minute failed`,
      ...ended.map(({ code, detail = '' }) => `a process ended: ${code} ${detail}`),
      ...log,
    ].join('\n');
    const report = failureReport({
      status: 'error_rate',
      exit: { code: null, signal: null },
      limitsHit: [],
      stdout: '',
      stderr,
      paths: [],
      // What an app logs has lost the secrets that it was given; it may hold others.
      hide: secretHider(),
    });
    return { kind: 'app', subject: app, app, version, report, program: samples.of(`${app}/${version}`) };
  }
}
