import { readEvents } from './read-events.ts';
import type { Caller, TransportOptions } from './transport.ts';

/** An app that is wished for in words. */
export interface BuildInput {
  readonly prompt: string;
  /** Made from the words when absent. */
  readonly app?: string;
  readonly model?: string;
  /** Most that all questions to models may cost, in nano-USD; $0.50 when absent. */
  readonly capNanos?: string;
  /** False: built and tested, and not served. */
  readonly deploy?: boolean;
  readonly customer?: string;
}

/** One question to a model. */
export interface BuildQuestion {
  readonly requestId: string;
  readonly kind: 'build' | 'retry' | 'fix';
  readonly model: string;
  readonly host: string;
  readonly costNanos: string | null;
}

/** One thing that was tried. */
export interface BuildCheck {
  readonly name: string;
  readonly hasPassed: boolean;
}

/** Everything about a build. */
export interface Build {
  readonly buildId: string;
  readonly status: 'building' | 'deployed' | 'built' | 'failed' | 'cancelled';
  readonly reason: string | null;
  readonly wish: string;
  readonly app: string;
  readonly customer: string | null;
  readonly questions: readonly BuildQuestion[];
  /** A simulated model wrote it: nothing real was asked. */
  readonly isSimulated: boolean;
  readonly files: readonly { readonly path: string; readonly sizeBytes: number }[];
  readonly checks: readonly BuildCheck[];
  readonly spentNanos: string;
  readonly capNanos: string;
  readonly version: string | null;
  /** Path of the gateway at which it is served. */
  readonly path: string | null;
  readonly url: string | null;
  readonly startedAtMs: number;
  readonly totalMs: number;
}

/** What a build tells while it goes on. */
export type BuildEvent =
  | { readonly type: 'started'; readonly buildId: string; readonly app: string; readonly model: string }
  | ({ readonly type: 'asked' } & BuildQuestion)
  | { readonly type: 'written'; readonly files: Build['files'] }
  | { readonly type: 'checked'; readonly checks: readonly BuildCheck[]; readonly problem: string | null }
  | {
      readonly type: 'deployed';
      readonly app: string;
      readonly alias: string;
      readonly version: string;
      readonly path: string;
      readonly url: string;
    }
  | { readonly type: 'build'; readonly build: Build };

/** Making apps of words. */
export interface Builds {
  /**
   * Builds an app; events come as they happen, the build last. Leaving the loop calls it off.
   *
   * @example
   * for await (const event of client.builds.start({ prompt: 'a page that tells the time' })) {
   *   if (event.type === 'deployed') console.log(event.url);
   * }
   */
  start(input: BuildInput, options?: { readonly signal?: AbortSignal }): AsyncGenerator<BuildEvent>;
  get(buildId: string): Promise<Build>;
}

/** Binds the methods about builds. */
export function buildsOf(call: Caller, options: TransportOptions): Builds {
  return {
    start: (input, { signal } = {}) =>
      readEvents<BuildEvent>(options, { path: '/api/v1/builds', body: input, signal, last: 'build' }),
    get: (buildId) => call<Build>({ path: `/api/v1/builds/${encodeURIComponent(buildId)}` }),
  };
}
