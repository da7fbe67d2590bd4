import { ConnectionError, type Problem, ProblemError, UnexpectedAnswerError } from './errors.ts';
import type { LiveView } from './live-view.ts';
import type { OutcomeInput, OutcomeRecord } from './outcome.ts';
import type { RequestRecord } from './request-record.ts';

/** Where the gateway is and who asks. */
export interface ClientOptions {
  /** Origin of the gateway, for example `http://127.0.0.1:8787`. */
  readonly url: string;
  /** The owner token; it is sent as a bearer token and never put into an error. */
  readonly ownerToken: string;
  /** Longest wait for an answer; default 10 seconds. */
  readonly timeoutMs?: number;
  /** Stands in for the global `fetch`, for tests and other runtimes. */
  readonly fetch?: typeof globalThis.fetch;
}

/** What may accompany each call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** Records of single requests. */
export interface Requests {
  /** Facts, attempts, cost and decision of one request. Rejects with a ProblemError `not_found` for an unknown id. */
  get(requestId: string, options?: CallOptions): Promise<RequestRecord>;
}

/** Evidence from which routing learns. */
export interface Outcomes {
  post(outcome: OutcomeInput, options?: CallOptions): Promise<OutcomeRecord>;
}

/** Client of the control API. It is not for prompts and answers: for those use the SDK of your dialect. */
export interface Client {
  readonly requests: Requests;
  readonly outcomes: Outcomes;
  /** What is running now, what just ended, and how the endpoints are doing. */
  live(options?: CallOptions): Promise<LiveView>;
}

const defaultTimeoutMs = 10_000;

/**
 * Makes a client of one gateway's control API.
 *
 * @example
 * const client = createClient({ url: 'http://127.0.0.1:8787', ownerToken });
 * const record = await client.requests.get(requestId);
 * await client.outcomes.post({ requestId, kind: 'score', value: 1 });
 */
export function createClient(options: ClientOptions): Client {
  const call = <Answer>(path: string, init: RequestInit): Promise<Answer> => send<Answer>(options, path, init);
  return {
    requests: {
      get: (requestId, { signal } = {}) =>
        call<RequestRecord>(`/api/v1/requests/${encodeURIComponent(requestId)}`, signal ? { signal } : {}),
    },
    outcomes: {
      post: (outcome, { signal } = {}) =>
        call<OutcomeRecord>('/api/v1/outcomes', {
          method: 'POST',
          body: JSON.stringify(outcome),
          ...(signal && { signal }),
        }),
    },
    live: ({ signal } = {}) => call<LiveView>('/api/v1/live', signal ? { signal } : {}),
  };
}

async function send<Answer>(options: ClientOptions, path: string, init: RequestInit): Promise<Answer> {
  const url = `${options.url.replace(/\/+$/, '')}${path}`;
  const timeout = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs);
  const fetcher = options.fetch ?? globalThis.fetch;
  let status: number;
  let text: string;
  try {
    const response = await fetcher(url, {
      ...init,
      headers: { authorization: `Bearer ${options.ownerToken}`, 'content-type': 'application/json' },
      signal: init.signal ? AbortSignal.any([init.signal, timeout]) : timeout,
      // A token is never carried on to another origin.
      redirect: 'error',
    });
    status = response.status;
    text = await response.text();
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new ConnectionError(url, error);
  }
  const body = parse(text);
  if (status >= 200 && status < 300 && body !== undefined) return body as unknown as Answer;
  if (isProblem(body)) throw new ProblemError(body);
  throw new UnexpectedAnswerError(url, status);
}

function parse(text: string): object | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    // A page of some other server: told by its status.
    return undefined;
  }
}

function isProblem(body: object | undefined): body is Problem {
  return (
    body !== undefined &&
    'code' in body &&
    typeof body.code === 'string' &&
    'status' in body &&
    'detail' in body &&
    typeof body.detail === 'string'
  );
}
