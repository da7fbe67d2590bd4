import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Json, JsonObject } from '../domain/calls/model-call.ts';
import type { RecordedRequest } from './counters.ts';
import { deliver } from './answers/delivery.ts';
import { stringifyLiteral } from './json.ts';
import type { Step } from './scripts/plan.ts';
import { planBody } from './scripts/plan.ts';
import type { Script } from './scripts/script.ts';
import type { SimulatorState } from './simulator-state.ts';

/** A request whose body has arrived. */
export interface SimulatedExchange {
  readonly state: SimulatorState;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: RecordedRequest;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly bodyBytes: Buffer;
  /** Empty for bodies that are no JSON object. */
  readonly body: JsonObject;
  readonly isJson: boolean;
  readonly sequence: string;
}

/** An answer to be delivered. */
export interface SimulatedReply {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | number };
  readonly steps: readonly Step[];
}

/** Sends an answer made of steps. */
export function reply(exchange: SimulatedExchange, script: Script, answer: SimulatedReply): void {
  const { state, response, record } = exchange;
  const headers = {
    'x-request-id': `req_${exchange.sequence}`,
    'request-id': `req_${exchange.sequence}`,
    'x-simulator': state.label(),
    ...answer.headers,
  };
  const { status, steps } = answer;
  deliver({ response, record, counters: state.counters, clock: state.clock, script, status, headers, steps });
}

/** Sends a JSON body in one piece; `malformed` cuts it in half although its length is right. */
export function replyJson(exchange: SimulatedExchange, script: Script, answer: JsonReply): void {
  const text = stringifyLiteral(answer.json);
  const isDamaged = script.malformed !== undefined && answer.status === 200;
  const bytes = Buffer.from(isDamaged ? text.slice(0, Math.ceil(text.length / 2)) : text);
  replyBytes(exchange, script, { ...answer, bytes, contentType: 'application/json' });
}

/** A status with a JSON body. */
export interface JsonReply {
  readonly status: number;
  readonly json: Json;
  readonly headers?: { readonly [name: string]: string };
}

/** Sends bytes in one piece. */
export function replyBytes(
  exchange: SimulatedExchange,
  script: Script,
  answer: {
    readonly status: number;
    readonly bytes: Buffer;
    readonly contentType: string;
    readonly headers?: { readonly [name: string]: string };
  },
): void {
  const headers = { 'content-type': answer.contentType, 'content-length': answer.bytes.length, ...answer.headers };
  reply(exchange, script, { status: answer.status, headers, steps: planBody(answer.bytes, script) });
}
