import { type IncomingHttpHeaders, request } from 'node:http';
import { waitUntil } from './wait-until.ts';

/** An answer while it arrives: a client that can wait, read slowly or leave. */
export interface OpenAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly sizeBytes: number;
  /** The connection is over, one way or another. */
  readonly isOver: boolean;
  /** The body ended as HTTP says it should. */
  readonly isComplete: boolean;
  /** Resolves as soon as the answer meets the condition. */
  until(condition: (answer: OpenAnswer) => boolean): Promise<void>;
  /** Calls back with each piece of the body at once, without the delay of waiting for a condition. */
  onPiece(listener: (piece: Buffer) => void): void;
  pause(): void;
  resume(): void;
  /** Closes the connection; the epoch milliseconds of that moment. */
  abort(): number;
}

/** Posts JSON and hands the answer out while it is still coming. */
export function openAnswer(url: string, body: object, headers: Record<string, string> = {}): OpenAnswer {
  const state = { status: 0, headers: {} as IncomingHttpHeaders, sizeBytes: 0, isOver: false, isComplete: false };
  const pieces: Buffer[] = [];
  let listen = (_piece: Buffer): void => undefined;
  let pause = (): void => undefined;
  let resume = (): void => undefined;
  const outgoing = request(url, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json', ...headers },
  });
  outgoing.on('error', () => (state.isOver = true));
  outgoing.on('response', (incoming) => {
    state.status = incoming.statusCode ?? 0;
    state.headers = incoming.headers;
    pause = () => void incoming.pause();
    resume = () => void incoming.resume();
    incoming.on('error', () => undefined);
    incoming.on('data', (piece: Buffer) => {
      listen(piece);
      state.sizeBytes += piece.length;
      if (state.sizeBytes < 4 * 1024 * 1024) pieces.push(piece);
    });
    incoming.on('close', () => {
      state.isComplete = incoming.complete;
      state.isOver = true;
    });
  });
  outgoing.end(JSON.stringify(body));
  const answer: OpenAnswer = {
    get status() {
      return state.status;
    },
    get headers() {
      return state.headers;
    },
    get text() {
      return Buffer.concat(pieces).toString();
    },
    get sizeBytes() {
      return state.sizeBytes;
    },
    get isOver() {
      return state.isOver;
    },
    get isComplete() {
      return state.isComplete;
    },
    until: (condition) => waitUntil(() => condition(answer), 'the answer'),
    onPiece: (listener) => void (listen = listener),
    pause: () => pause(),
    resume: () => resume(),
    abort() {
      const atMs = Date.now();
      outgoing.destroy();
      return atMs;
    },
  };
  return answer;
}
