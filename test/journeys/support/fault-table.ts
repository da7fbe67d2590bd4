import type { FaultCode } from '../../../src/domain/faults/fault-codes.ts';

/** What one way of running a fault must lead to. */
export interface Expected {
  /** `answer`: a good end. `error`: HTTP status. `in-band`: error inside the stream, status 200. */
  readonly client: 'answer' | 'error' | 'in-band';
  /** Code of the fault the client is told. */
  readonly code?: FaultCode;
  /** Attempts at the faulty endpoint. */
  readonly tries: number;
  /** Attempts at the healthy second endpoint. */
  readonly backup: 0 | 1;
  /** How the faulty attempts are recorded; `code` when absent. */
  readonly recorded?: FaultCode;
  /** Upstream calls that we broke off, because nothing more was to be expected of them. */
  readonly aborts?: number;
  /** The faulty endpoint itself gave the answer in its last try. */
  readonly recovers?: true;
  /** Usage is counted by us, because the upstream never told. */
  readonly estimated?: true;
  /** The answer has no text. */
  readonly isEmpty?: true;
  /** Text that the client has of the answer: all words, or how many of them. */
  readonly words?: number;
  /** Seconds the client is told to wait, give or take two. */
  readonly retryAfterS?: number;
}

/** One fault of an upstream and all that follows from it. */
export interface FaultRow {
  readonly id: string;
  /** What the upstream does, for the document. */
  readonly what: string;
  /** Script of the fake upstream. */
  readonly script?: string;
  /** Host with a closed port, or with timers short enough to wait for. */
  readonly host?: 'closed' | 'hasty';
  readonly when: 'before' | 'after';
  /** Scenarios of the reference list that the row belongs to. */
  readonly scenarios: readonly number[];
  readonly deadlineMs?: number;
  /** Characters of the only word of the answer. */
  readonly hugeWord?: number;
  readonly stream?: Pair;
  /** The same fault when the client did not ask for a stream. */
  readonly whole?: Pair;
  /** Where translation between dialects differs from bytes passed through. */
  readonly translated?: Pair;
  /** Only upstreams of these dialects can do this. */
  readonly only?: readonly string[];
}

/** One endpoint alone, and with a healthy second one. */
export interface Pair {
  readonly alone: Expected;
  readonly pair: Expected;
}

/** Words of the answer of every healthy upstream of the table. */
export const answerWords = ['one ', 'two ', 'three ', 'four ', 'five'] as const;

const tellsAfter = (code: FaultCode, tries: number, more: Partial<Expected> = {}): Expected => ({
  client: 'error',
  code,
  tries,
  backup: 0,
  ...more,
});
const takenOver = (recorded: FaultCode, more: Partial<Expected> = {}): Expected => ({
  client: 'answer',
  tries: 1,
  backup: 1,
  recorded,
  ...more,
});

/** Another endpoint takes over unseen; alone, the client gets a proper status after this many tries. */
const failsOver = (code: FaultCode, tries: number, more: Partial<Expected> = {}): Pair => ({
  alone: tellsAfter(code, tries, more),
  pair: takenOver(code, more.aborts === undefined ? {} : { aborts: more.aborts }),
});
/** Nothing is tried again, because the request itself is at fault or the time is up. */
const final = (code: FaultCode, more: Partial<Expected> = {}): Pair => {
  const expected = tellsAfter(code, 1, more);
  return { alone: expected, pair: expected };
};
/** Content was sent: the client is told in the stream, and nobody starts again. */
const inBand = (code: FaultCode, words: number | undefined, more: Partial<Expected> = {}): Pair => {
  const told: Expected = { client: 'in-band', code, tries: 1, backup: 0, ...more };
  const expected = words === undefined ? told : { ...told, words };
  return { alone: expected, pair: expected };
};
const answered = (more: Partial<Expected> = {}): Pair => {
  const expected: Expected = { client: 'answer', tries: 1, backup: 0, recovers: true, ...more };
  return { alone: expected, pair: expected };
};
/** The same endpoint is asked again when it is the only one. */
const recovers = (recorded: FaultCode): Pair => ({
  alone: { client: 'answer', tries: 2, backup: 0, recorded, recovers: true },
  pair: takenOver(recorded),
});
const both = (pair: Pair): { stream: Pair; whole: Pair } => ({ stream: pair, whole: pair });

const unreachable: readonly FaultRow[] = [
  {
    id: 'refused',
    what: 'refuses the connection',
    host: 'closed',
    when: 'before',
    scenarios: [],
    ...both(failsOver('upstream_unreachable', 2)),
  },
  {
    id: 'reset-early',
    what: 'resets the connection before answering',
    script: 'cut=headers&cutHow=reset',
    when: 'before',
    scenarios: [],
    ...both(failsOver('upstream_unreachable', 2)),
  },
  {
    id: 'closed-early',
    what: 'closes the connection before answering',
    script: 'cut=headers&cutHow=close',
    when: 'before',
    scenarios: [],
    ...both(failsOver('upstream_unreachable', 2)),
  },
  {
    id: 'stall-early',
    what: 'never answers',
    script: 'stall=headers',
    host: 'hasty',
    when: 'before',
    scenarios: [18],
    stream: failsOver('upstream_timeout', 1, { aborts: 1 }),
  },
  {
    id: 'stall-deadline',
    what: "never answers, until the client's deadline passes",
    script: 'stall=headers',
    deadlineMs: 2000,
    when: 'before',
    scenarios: [24],
    ...both(final('deadline_exceeded', { aborts: 1 })),
  },
  {
    id: 'stall-held',
    what: 'begins the stream and goes silent before any content',
    script: 'stall=0',
    host: 'hasty',
    when: 'before',
    scenarios: [18],
    stream: failsOver('upstream_timeout', 1, { aborts: 1 }),
  },
];

const waitForms: readonly (readonly [string, string])[] = [
  ['seconds', 'retry=seconds:30'],
  ['date', 'retry=date:30'],
  ['milliseconds', 'retry=ms:30000'],
  ['reset', 'retry=reset:30'],
  ['google', 'retry=google:30'],
];

const refusals: readonly FaultRow[] = [
  ...waitForms.map(([form, script]): FaultRow => ({
    id: `429-${form}`,
    what: `429, wait told in the form "${form}"`,
    script: `fail=429&${script}`,
    when: 'before',
    scenarios: [33, 34, 35],
    ...both(failsOver('upstream_rate_limited', 1, { retryAfterS: 30 })),
    ...(form === 'google' && { only: ['gemini'] }),
  })),
  {
    id: '429-silent',
    what: '429 without a wait',
    script: 'fail=429',
    when: 'before',
    scenarios: [34],
    ...both(failsOver('upstream_rate_limited', 4, { retryAfterS: 1 })),
  },
  {
    id: '429-once',
    what: '429 with a short wait, then well',
    script: 'fail=429&retry=ms:60&first=1',
    when: 'before',
    scenarios: [33],
    ...both(recovers('upstream_rate_limited')),
  },
  ...([500, 502] as const).map((status): FaultRow => ({
    id: String(status),
    what: String(status),
    script: `fail=${status}`,
    when: 'before',
    scenarios: [],
    ...both(failsOver('upstream_error', 4)),
  })),
  ...([503, 529] as const).map((status): FaultRow => ({
    id: String(status),
    what: String(status),
    script: `fail=${status}`,
    when: 'before',
    scenarios: [],
    ...both(failsOver('upstream_overloaded', 4)),
  })),
  {
    id: '500-html',
    what: '500 with an HTML page',
    script: 'fail=500&errorBody=html',
    when: 'before',
    scenarios: [],
    ...both(failsOver('upstream_error', 4)),
  },
  {
    id: '500-once',
    what: '500 once, then well',
    script: 'fail=500&first=1',
    when: 'before',
    scenarios: [],
    ...both(recovers('upstream_error')),
  },
  {
    id: '401',
    what: '401: refuses our credentials',
    script: 'fail=401',
    when: 'before',
    scenarios: [37],
    ...both(failsOver('upstream_auth', 1)),
  },
  {
    id: '403',
    what: '403: forbids the model',
    script: 'fail=403',
    when: 'before',
    scenarios: [37],
    ...both(failsOver('upstream_auth', 1)),
  },
  {
    id: '404',
    what: '404: the model is gone',
    script: 'fail=404',
    when: 'before',
    scenarios: [],
    ...both(failsOver('upstream_model_gone', 1)),
  },
  {
    id: 'quota',
    what: '429 `insufficient_quota`',
    script: 'fail=quota',
    when: 'before',
    scenarios: [36],
    only: ['openai-chat', 'openai-responses'],
    ...both(failsOver('upstream_quota', 1)),
  },
  {
    id: '400',
    what: '400: refuses the request',
    script: 'fail=400',
    when: 'before',
    scenarios: [38],
    ...both(final('upstream_rejected')),
  },
  {
    id: 'context',
    what: '400: the prompt is too long',
    script: 'fail=context',
    when: 'before',
    scenarios: [38],
    ...both(final('context_too_long')),
  },
];

const brokenAnswers: readonly FaultRow[] = [
  {
    id: 'bad-body',
    what: 'answers with half a JSON body',
    script: 'malformed=0',
    when: 'before',
    scenarios: [],
    whole: failsOver('upstream_malformed', 1),
  },
  {
    id: 'cut-body',
    what: 'breaks off in the middle of a JSON body',
    script: 'cut=1&cutHow=reset',
    when: 'before',
    scenarios: [15],
    whole: failsOver('truncated', 1),
  },
  {
    id: 'stall-body',
    what: 'goes silent in the middle of a JSON body',
    script: 'stall=1',
    host: 'hasty',
    when: 'before',
    scenarios: [19],
    whole: failsOver('truncated', 1, { aborts: 1 }),
  },
  {
    id: 'bad-event-held',
    what: 'sends a damaged event before any content',
    script: 'malformed=0&gap=600',
    when: 'before',
    scenarios: [28],
    stream: answered({ words: 4 }),
    translated: failsOver('upstream_malformed', 1, { aborts: 1 }),
  },
  {
    id: 'bad-event',
    what: 'sends a damaged event in the middle',
    script: 'malformed=2&gap=600',
    when: 'after',
    scenarios: [28],
    stream: answered({ words: 4 }),
    translated: inBand('upstream_malformed', 2, { aborts: 1 }),
  },
  {
    id: 'error-held',
    what: 'begins the stream, then sends an error event before any content',
    script: 'error=0&errorCode=500',
    when: 'before',
    scenarios: [13, 14],
    stream: failsOver('upstream_error', 4),
  },
  {
    id: 'overload-held',
    what: 'begins the stream, then says before any content that it is overloaded',
    script: 'error=0&errorCode=503',
    when: 'before',
    scenarios: [13, 14],
    only: ['anthropic-messages', 'gemini'],
    stream: failsOver('upstream_overloaded', 4),
  },
  {
    id: 'quota-held',
    what: 'begins the stream, then reports an exhausted quota before any content',
    script: 'error=0&errorCode=quota',
    when: 'before',
    scenarios: [13, 14, 36],
    only: ['openai-chat', 'openai-responses'],
    stream: failsOver('upstream_quota', 1),
  },
  {
    id: 'error-late',
    what: 'sends an error event in the middle',
    script: 'error=2&errorCode=500',
    when: 'after',
    scenarios: [],
    stream: inBand('upstream_error', 2),
  },
];

const cuts: readonly FaultRow[] = [
  ...(['end', 'close', 'reset'] as const).map((how): FaultRow => ({
    id: `cut-held-${how}`,
    what: `begins the stream and ends it before any content (${how})`,
    script: `cut=0&cutHow=${how}`,
    when: 'before',
    scenarios: [13, 14],
    stream: failsOver('truncated', 1),
  })),
  ...(['end', 'close', 'reset'] as const).map((how): FaultRow => ({
    id: `cut-late-${how}`,
    what: `ends the stream in the middle (${how})`,
    // A reset may overtake what was sent just before it.
    script: `cut=3&gap=${how === 'reset' ? 300 : 2}&cutHow=${how}`,
    when: 'after',
    scenarios: [15],
    stream: inBand('truncated', how === 'reset' ? undefined : 3, { estimated: true }),
  })),
  ...(['end', 'close'] as const).map((how): FaultRow => ({
    id: `cut-tail-${how}`,
    what: `ends the stream after the finish reason, before its last frames (${how})`,
    script: `cut=finish&cutHow=${how}`,
    when: 'after',
    scenarios: [16],
    stream: answered(),
  })),
  {
    id: 'stall-late',
    what: 'goes silent in the middle',
    script: 'stall=2',
    host: 'hasty',
    when: 'after',
    scenarios: [19],
    stream: inBand('truncated', 2, { aborts: 1, estimated: true }),
  },
  {
    id: 'stall-tail',
    what: 'goes silent after the finish reason',
    script: 'stall=finish',
    host: 'hasty',
    when: 'after',
    scenarios: [16],
    stream: answered({ aborts: 1 }),
  },
  {
    id: 'deadline-late',
    what: "goes on and on, until the client's deadline passes",
    script: 'stall=2',
    deadlineMs: 3000,
    when: 'after',
    scenarios: [24],
    stream: inBand('deadline_exceeded', 2, { aborts: 1, estimated: true }),
  },
  {
    id: 'empty',
    what: 'ends well without any content',
    script: 'empty=true&reply=',
    when: 'before',
    scenarios: [17],
    ...both({
      alone: { client: 'answer', tries: 2, backup: 0, recorded: 'empty_completion', recovers: true, isEmpty: true },
      pair: takenOver('empty_completion'),
    }),
  },
  {
    id: 'large-event',
    what: 'sends an event of 1 MiB',
    hugeWord: 1024 * 1024,
    when: 'after',
    scenarios: [],
    ...both(answered()),
  },
  {
    id: 'oversized-event',
    what: 'sends an event of 9 MiB, which is more than we keep',
    hugeWord: 9 * 1024 * 1024,
    when: 'before',
    scenarios: [],
    stream: failsOver('upstream_malformed', 1),
  },
  {
    id: 'duplicate-start',
    what: 'starts the same message twice',
    script: 'start=duplicate',
    when: 'before',
    scenarios: [29],
    only: ['anthropic-messages'],
    stream: answered(),
  },
];

/** Every fault of an upstream that we know how to make, and what must come of it. */
export const faultTable: readonly FaultRow[] = [...unreachable, ...refusals, ...brokenAnswers, ...cuts];
