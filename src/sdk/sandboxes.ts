import type { ChangeOptions } from './tenants.ts';
import type { Caller } from './transport.ts';

/** A sandbox that a client made and keeps. */
export interface KeptSandbox {
  readonly id: string;
  readonly key: string;
  readonly customer: string;
  readonly template: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly state: 'running' | 'paused';
  readonly startedAtMs: number;
  readonly endsAtMs: number;
  readonly pausedAtMs: number | null;
  readonly onTimeout: 'kill' | 'pause';
}

/** Which sandboxes are listed. */
export interface SandboxQuery {
  readonly key?: string | undefined;
  readonly state?: 'running' | 'paused' | undefined;
}

/** Sandboxes of all keys, for whoever runs the gateway; their owners use the `e2b` package. */
export function sandboxesOf(call: Caller) {
  const base = '/api/v1/sandboxes';
  return {
    list: (query?: SandboxQuery) => call<{ readonly data: readonly KeptSandbox[] }>({ path: base, query }),
    kill: (id: string, options?: ChangeOptions) =>
      call<void>({ method: 'DELETE', path: `${base}/${encodeURIComponent(id)}`, ...options }),
  };
}
