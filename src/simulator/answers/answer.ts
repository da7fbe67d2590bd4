/** One planned tool call. */
export interface AnswerCall {
  readonly id: string;
  readonly name: string;
  readonly argumentsText: string;
}

/** Tokens of one answer; `input` includes what was read from or written to the prompt cache. */
export interface AnswerUsage {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly cacheWriteTtl: '5m' | '1h';
  readonly output: number;
  /** Part of `output`. */
  readonly reasoning: number;
}

/** What the simulated model says, before any dialect gives it a shape. */
export interface Answer {
  /** Number of the answer on this server; ids are made of it. */
  readonly sequence: string;
  readonly model: string;
  readonly createdS: number;
  readonly reasoning: readonly string[];
  readonly signature: string;
  readonly text: readonly string[];
  readonly refusal: readonly string[];
  readonly calls: readonly AnswerCall[];
  readonly finish: 'stop' | 'length' | 'tools' | 'refusal' | 'filter';
  readonly usage: AnswerUsage;
}

/** One event of a stream. `tokens` is what the event delivers of the model's output. */
export interface Frame {
  readonly kind: 'lifecycle' | 'content' | 'finish' | 'usage' | 'end';
  readonly event?: string;
  readonly data: string;
  readonly tokens: number;
}

/** Makes a frame without content. */
export function plainFrame(kind: Frame['kind'], data: string, event?: string): Frame {
  return { kind, data, tokens: 0, ...(event !== undefined && { event }) };
}
