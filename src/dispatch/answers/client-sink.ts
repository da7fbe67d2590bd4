/** Headers of an answer; undefined ones are not sent. */
export interface AnswerHeaders {
  readonly [name: string]: string | undefined;
}

/** Where an answer goes: the client's connection as dispatch sees it. Implemented over node:http by the edge. */
export interface ClientSink {
  /** Sends status and headers; at most once, before any write. */
  start(status: number, headers: AnswerHeaders, more?: AnswerHeaders): void;
  readonly started: boolean;
  /** False asks to pause until `onDrain`. */
  write(bytes: Buffer | string): boolean;
  end(bytes?: Buffer | string): void;
  /** Cuts the connection without a proper end. */
  destroy(): void;
  readonly gone: boolean;
  onDrain(listener: () => void): void;
  /** Called once when the client closes before the end of the answer. */
  onGone(listener: () => void): void;
}
