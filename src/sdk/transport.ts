import { ConnectionError, type Problem, ProblemError, UnexpectedAnswerError } from './errors.ts';

/** Where a call goes and with what. */
export interface ApiCall {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Below the origin, already encoded. */
  readonly path: string;
  /** Parameters; undefined ones are left out. */
  readonly query?: object | undefined;
  readonly body?: object | undefined;
  /** Makes it safe to send a change again: the same key with the same payload gives the same answer. */
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where the gateway is and who asks. */
export interface TransportOptions {
  readonly url: string;
  readonly ownerToken: string;
  readonly timeoutMs?: number;
  readonly fetch?: typeof globalThis.fetch;
}

/** Sends one call and gives its answer. Rejects with a ProblemError for everything that was refused. */
export type Caller = <Answer>(call: ApiCall) => Promise<Answer>;

const defaultTimeoutMs = 10_000;

/** Makes the one function through which every method of the client speaks. */
export function createCaller(options: TransportOptions): Caller {
  return async <Answer>(call: ApiCall): Promise<Answer> => {
    const url = `${options.url.replace(/\/+$/, '')}${call.path}${queryOf(call.query)}`;
    const { status, text, isText } = await exchange(url, call, options);
    if (status === 204) return undefined as Answer;
    const body = parse(text);
    if (status >= 200 && status < 300 && isText) return text as Answer;
    if (status >= 200 && status < 300 && body !== undefined) return body as unknown as Answer;
    if (isProblem(body)) throw new ProblemError(body);
    throw new UnexpectedAnswerError(url, status);
  };
}

async function exchange(
  url: string,
  call: ApiCall,
  options: TransportOptions,
): Promise<{ readonly status: number; readonly text: string; readonly isText: boolean }> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs);
  const fetcher = options.fetch ?? globalThis.fetch;
  try {
    const response = await fetcher(url, {
      method: call.method ?? 'GET',
      headers: {
        authorization: `Bearer ${options.ownerToken}`,
        'content-type': 'application/json',
        ...(call.idempotencyKey !== undefined && { 'idempotency-key': call.idempotencyKey }),
      },
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      signal: call.signal ? AbortSignal.any([call.signal, timeout]) : timeout,
      // A token is never carried on to another origin.
      redirect: 'error',
    });
    const isText = /^(text\/csv|application\/x-ndjson)/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, text: await response.text(), isText };
  } catch (error) {
    if (call.signal?.aborted === true) throw error;
    throw new ConnectionError(url, error);
  }
}

function queryOf(query: object = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? '' : `?${given.toString()}`;
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
