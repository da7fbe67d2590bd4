import { type AnswerHeaders, type ClientSink, keepaliveOf, streamHeaders } from '../../dispatch/index.ts';
import type { InboundDialectId } from '../../domain/calls/dialect.ts';
import type { TimerWheel, WheelTimer } from '../../platform/timer-wheel.ts';

/** How a streaming client is told that its answer is still on its way. */
export interface Heartbeat {
  readonly sink: ClientSink;
  readonly wheel: TimerWheel;
  readonly keepaliveMs: number;
  readonly dialect: InboundDialectId;
  readonly framing: 'sse' | 'json-array';
  /** Sent with the first beat when nothing else was before. */
  earlyHeaders(): AnswerHeaders;
}

/** Waits for work that writes nothing itself, such as somebody else's answer or a slow disk, without going silent. */
export async function audibly<Value>(work: Promise<Value>, heartbeat: Heartbeat): Promise<Value> {
  const { sink, wheel, keepaliveMs, dialect, framing } = heartbeat;
  const keepalive = keepaliveOf(dialect, framing);
  if (keepalive === undefined) return work;
  const beat = (): void => {
    if (sink.gone) return;
    if (!sink.started) sink.start(200, streamHeaders(framing), heartbeat.earlyHeaders());
    sink.write(keepalive);
    timer = wheel.after(keepaliveMs, beat);
  };
  let timer: WheelTimer = wheel.after(keepaliveMs, beat);
  try {
    return await work;
  } finally {
    timer.cancel();
  }
}
