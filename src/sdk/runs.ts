import { readEvents } from './read-events.ts';
import type { Caller, TransportOptions } from './transport.ts';

/** Code to run. */
export interface RunInput {
  readonly language: 'python' | 'javascript' | 'typescript' | 'shell';
  /** The program; or give `files`. */
  readonly code?: string;
  readonly files?: readonly {
    readonly path: string;
    readonly content: string;
    readonly encoding?: 'utf8' | 'base64';
  }[];
  /** File to run; the first one when absent. */
  readonly entry?: string;
  /** Instead of an entry. */
  readonly command?: readonly string[];
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly limits?: Readonly<Record<string, number>>;
  /** What the code may reach; nothing when absent. */
  readonly network?: {
    readonly allow: readonly string[];
    /** Added on the way to a host; the code never sees the values. */
    readonly headers?: readonly { readonly host: string; readonly name: string; readonly value: string }[];
    readonly maxBytes?: number;
  };
  readonly minIsolation?: 'vm' | 'gvisor' | 'sandbox-cgroup' | 'sandbox-rlimit' | 'language';
  /** The request whose answer the code is; it gets the outcome. */
  readonly requestId?: string;
  /** What runs are tests: its end says whether they passed. */
  readonly tests?: boolean;
}

/** What separated the code from everything else, as probed. */
export interface RunIsolation {
  readonly tier: string;
  readonly engine: string;
  readonly version: string;
  readonly probedAtMs: number;
  readonly enforced: Readonly<Record<string, 'hard' | 'soft' | 'none'>>;
  readonly gaps: readonly string[];
}

/** One connection that a run asked for. */
export interface RunConnection {
  readonly atMs: number;
  readonly method: string;
  readonly host: string;
  readonly port: number;
  readonly verdict: 'allowed' | 'denied' | 'failed' | 'cut';
  readonly reason: string;
  readonly address?: string;
  readonly status?: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** How a run ended, what it used, and how it was isolated. */
export interface RunReceipt {
  readonly runId: string;
  readonly status: 'succeeded' | 'failed' | 'limit' | 'build_failed' | 'cancelled' | 'broken';
  readonly language: string;
  readonly startedAtMs: number;
  readonly isolation: RunIsolation;
  readonly limits: Readonly<Record<string, number>>;
  readonly exit: { readonly code: number | null; readonly signal: string | null };
  readonly limitsHit: readonly { readonly name: string; readonly allowed: number; readonly observed: number }[];
  readonly timings: Readonly<Record<string, number | null>>;
  readonly bytes: Readonly<Record<string, number>>;
  readonly cpuMs: number | null;
  readonly peakMemoryBytes: number | null;
  /** Absent where nothing could be reached. */
  readonly network?: {
    readonly allow: readonly string[];
    readonly connections: readonly RunConnection[];
    /** Connections beyond those that are listed. */
    readonly unlisted: number;
  };
  readonly requestId?: string;
  readonly customer?: string;
}

/** What a run tells while it goes on. */
export type RunEvent =
  | { readonly type: 'started'; readonly runId: string; readonly isolation: RunIsolation }
  | { readonly type: 'stdout' | 'stderr'; readonly text: string }
  | { readonly type: 'receipt'; readonly receipt: RunReceipt };

/** How code is isolated on the gateway's machine. */
export interface RuntimeReport {
  readonly isolation: RunIsolation;
  readonly steps: readonly { readonly name: string; readonly held: boolean; readonly saw: string }[];
  readonly unusable?: { readonly reason: string; readonly remedy: string };
}

/** Running code. */
export interface Runs {
  /**
   * Runs code; events come as they happen, the receipt last. Leaving the loop ends the run.
   *
   * @example
   * for await (const event of client.runs.start({ language: 'python', code: 'print(6 * 7)' })) {
   *   if (event.type === 'stdout') process.stdout.write(event.text);
   * }
   */
  start(input: RunInput, options?: { readonly signal?: AbortSignal }): AsyncGenerator<RunEvent>;
  /** The receipt of a run that ended. */
  get(runId: string): Promise<RunReceipt>;
  /** How code is isolated there. */
  runtime(): Promise<RuntimeReport>;
}

/** Binds the methods about runs. */
export function runsOf(call: Caller, options: TransportOptions): Runs {
  return {
    start: (input, { signal } = {}) =>
      readEvents<RunEvent>(options, { path: '/api/v1/runs', body: input, signal, last: 'receipt' }),
    get: (runId) => call<RunReceipt>({ path: `/api/v1/runs/${encodeURIComponent(runId)}` }),
    runtime: () => call<RuntimeReport>({ path: '/api/v1/runtime' }),
  };
}
