import type { ServerResponse } from 'node:http';
import { Fault } from '../../domain/faults/fault.ts';
import { UnsupportedError } from './refusals.ts';

/** How a failure is told: the same number in the head and in the body. */
export interface WireError {
  readonly status: number;
  readonly message: string;
  readonly retryAfterSeconds?: number | undefined;
}

/** Reads an error as the wire tells it; undefined for a defect of ours. */
export function toWireError(error: unknown): WireError | undefined {
  if (error instanceof UnsupportedError) return { status: 501, message: error.message };
  if (!Fault.is(error)) return undefined;
  const { code, message, param, retryAfterMs, kind } = error;
  const isFull = code === 'too_large' && param === 'disk';
  return {
    status: isFull ? 507 : kind.httpStatus,
    message,
    ...(retryAfterMs !== undefined && { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }),
  };
}

/** Answers with JSON. */
export function answerJson(
  response: ServerResponse,
  status: number,
  { body, headers = {} }: { readonly body: unknown; readonly headers?: Readonly<Record<string, string>> },
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}

/** Answers without a body. */
export function answerEmpty(response: ServerResponse, status = 204): void {
  response.writeHead(status, { 'cache-control': 'no-store' });
  response.end();
}

/** Answers with an error; what is still being sent of the request is not wanted. */
export function answerError(response: ServerResponse, { status, message, retryAfterSeconds }: WireError): void {
  if (response.headersSent) return void response.destroy();
  const request = response.req;
  if (!request.complete) {
    response.shouldKeepAlive = false;
    request.resume();
  }
  answerJson(response, status, {
    body: { code: status, message },
    ...(retryAfterSeconds !== undefined && { headers: { 'retry-after': String(retryAfterSeconds) } }),
  });
}

/** The answer for a sandbox that never was, ended, or is paused: clients cannot tell which, and need not. */
export function answerGone(response: ServerResponse, id: string): void {
  answerError(response, { status: 502, message: `The sandbox ${id.slice(0, 100)} was not found or does not run.` });
}
