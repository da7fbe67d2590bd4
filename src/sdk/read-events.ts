import { ConnectionError, ProblemError, UnexpectedAnswerError, type Problem } from './errors.ts';
import type { TransportOptions } from './transport.ts';

/** A change that tells its steps as they are made. */
export interface EventCall {
  readonly path: string;
  readonly body: object;
  readonly signal: AbortSignal | undefined;
  /** Type of the event that comes last: without it the connection was lost. */
  readonly last: string;
}

/** Sends a change and reads its events; leaving the loop ends the change. */
export async function* readEvents<Event extends { readonly type: string }>(
  { url: origin, ownerToken, fetch = globalThis.fetch }: TransportOptions,
  { path, body, signal, last }: EventCall,
): AsyncGenerator<Event> {
  const url = `${origin.replace(/\/+$/, '')}${path}`;
  const leave = new AbortController();
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${ownerToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: signal ? AbortSignal.any([signal, leave.signal]) : leave.signal,
    redirect: 'error',
  }).catch((error: unknown) => {
    throw new ConnectionError(url, error);
  });
  if (response.status !== 200 || response.body === null) throw await refusalOf(response, url);
  try {
    yield* eventsIn<Event>(response.body, { url, last });
  } finally {
    leave.abort();
  }
}

async function* eventsIn<Event extends { readonly type: string }>(
  body: ReadableStream<Uint8Array>,
  { url, last }: { readonly url: string; readonly last: string },
): AsyncGenerator<Event> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let pending = '';
  let isWhole = false;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (pending + decoder.decode(value, { stream: true })).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      const event = JSON.parse(line) as Event;
      isWhole = event.type === last;
      yield event;
    }
  }
  if (!isWhole) throw new ConnectionError(url, new Error(`The answer broke off before its ${last}.`));
}

async function refusalOf(response: Response, url: string): Promise<Error> {
  try {
    return new ProblemError((await response.json()) as Problem);
  } catch {
    // A page of some other server: told by its status.
    return new UnexpectedAnswerError(url, response.status);
  }
}
