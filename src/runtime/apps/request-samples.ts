import type { IncomingHttpHeaders } from 'node:http';

/** A request as it is tried again: without a body, and without who asked. */
export interface SampledRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** The status that it was answered with. */
  readonly status: number;
}

const mostVersions = 200;
const mostOfKind = 10;
const mostPath = 2000;

/**
 * The last requests of each version that failed and that did not, in memory: what another version is tried with. Only
 * requests that change nothing and carry nothing are taken; of their headers none.
 */
export class RequestSamples {
  readonly #versions = new Map<string, { failing: SampledRequest[]; passing: SampledRequest[] }>();

  note(
    version: string,
    request: { readonly method?: string | undefined; readonly headers: IncomingHttpHeaders; readonly path: string },
    status: number,
  ): void {
    const { method = 'GET', headers, path } = request;
    if ((method !== 'GET' && method !== 'HEAD') || path.length > mostPath || status === 499) return;
    // What is asked with a session may belong to somebody; without it, it would be answered otherwise.
    if (headers.authorization !== undefined || headers.cookie !== undefined) return;
    const kind = status >= 500 ? 'failing' : 'passing';
    const known = this.#versions.get(version) ?? { failing: [], passing: [] };
    const last = known[kind].at(-1);
    // Most requests are the same as the one before.
    if (last !== undefined && last.path === path && last.method === method && last.status === status) return;
    this.#versions.delete(version);
    this.#versions.set(version, known);
    if (this.#versions.size > mostVersions) this.#versions.delete(this.#versions.keys().next().value ?? '');
    const others = known[kind].filter((one) => one.path !== path || one.method !== method);
    known[kind] = [...others, { method, path, status }].slice(-mostOfKind);
  }

  of(version: string): { readonly failing: readonly SampledRequest[]; readonly passing: readonly SampledRequest[] } {
    const { failing, passing } = this.#versions.get(version) ?? { failing: [], passing: [] };
    // What failed and was answered as well is no sign of either.
    const failed = new Set(failing.map(({ path }) => path));
    return { failing, passing: passing.filter(({ path }) => !failed.has(path)) };
  }
}
