import type { ServerResponse } from 'node:http';
import type { Clock } from '../../platform/clock.ts';
import { stampPlaceholder } from './compose-answer.ts';
import type { Counters, RecordedRequest } from '../counters.ts';
import type { Step } from '../scripts/plan.ts';
import type { Script } from '../scripts/script.ts';

const slowClientMs = 50;

/** An answer ready to be sent. */
export interface Delivery {
  readonly response: ServerResponse;
  readonly record: RecordedRequest;
  readonly counters: Counters;
  readonly script: Script;
  readonly status: number;
  readonly headers: { readonly [name: string]: string | number };
  readonly steps: readonly Step[];
  readonly clock: Clock;
}

/** Sends an answer step by step: waits, stops and breaks off where the script says so, and pauses for a slow client. */
export function deliver(delivery: Delivery): void {
  const { response, record, counters, script } = delivery;
  let timer: NodeJS.Timeout | undefined;
  let at = 0;
  // Pauses count from when the last one was due, so that a long stream keeps its pace on a busy machine.
  let dueMs = 0;
  response.once('close', () => {
    clearTimeout(timer);
    counters.close(record, response.writableFinished ? 'done' : 'aborted');
  });
  const later = (waitMs: number, action: () => void): void => {
    if (waitMs <= 0) action();
    else timer = setTimeout(action, waitMs);
  };
  const write = (step: Step & { type: 'write' }): void => {
    const bytes = script.stamp === true ? stamped(step.bytes, delivery.clock) : step.bytes;
    counters.produced(record, bytes.length, step.tokens);
    at += 1;
    if (response.write(bytes)) return;
    // Full buffers are usual; only a client that leaves them full counts as slow.
    timer = setTimeout(() => counters.paused(), slowClientMs);
    response.once('drain', () => {
      clearTimeout(timer);
      dueMs = delivery.clock.monotonicMs();
      advance();
    });
  };
  function advance(): void {
    while (!response.destroyed) {
      const step = delivery.steps[at];
      if (step === undefined) return void response.end();
      if (step.type === 'stall') return;
      if (step.type === 'cut') return breakOff(delivery);
      if (step.waitMs > 0) {
        dueMs += step.waitMs;
        const proceed = (): void => {
          write(step);
          if (!response.writableNeedDrain) advance();
        };
        timer = setTimeout(proceed, Math.max(0, dueMs - delivery.clock.monotonicMs()));
        return;
      }
      write(step);
      if (response.writableNeedDrain) return;
    }
  }
  later(script.headersDelay ?? 0, () => {
    if (script.stall === 'headers') return;
    if (script.cut === 'headers') return breakOff(delivery);
    counters.status(record, delivery.status);
    response.writeHead(delivery.status, delivery.headers);
    response.flushHeaders();
    dueMs = delivery.clock.monotonicMs();
    advance();
  });
}

function breakOff(delivery: Delivery): void {
  const { response, record, counters, script } = delivery;
  counters.close(record, 'cut');
  const how = script.cutHow ?? 'end';
  // Only a chunked body can end cleanly and yet too early.
  const canEnd = script.cut !== 'headers' && delivery.headers['content-length'] === undefined;
  if (how === 'end' && canEnd) response.end();
  else if (how === 'reset') response.socket?.resetAndDestroy();
  // Destroying at once would drop what is still in the buffer.
  else if (response.writableLength === 0) response.destroy();
  else response.socket?.end();
}

function stamped(bytes: Buffer, clock: Clock): Buffer {
  const at = bytes.indexOf(stampPlaceholder);
  if (at < 0) return bytes;
  const copy = Buffer.from(bytes);
  copy.write(clock.nowMs().toString(), at);
  return copy;
}
