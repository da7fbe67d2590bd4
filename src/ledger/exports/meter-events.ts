import { createHash } from 'node:crypto';
import type { UsageBucket } from '../../domain/rating/usage.ts';
import type { OutboxMessage } from './outbox.ts';

/** One request's use, as it is metered to another system. */
export interface MeteredUse {
  readonly requestId: string;
  readonly attempt: number;
  readonly customer: string;
  /** The end of the request. */
  readonly endedAtMs: number;
  /** As the client named it, with dates and `-latest`. */
  readonly model: string;
  readonly units: { readonly [Bucket in UsageBucket]?: number };
  /** What the books charged for each bucket; absent is unknown. */
  readonly chargeNanos?: { readonly [Bucket in UsageBucket]?: bigint } | undefined;
  /** Tells events about the same attempt apart; absent: its first. */
  readonly about?: string | undefined;
}

/** The id of a metered event: made from what is metered, so that a retry never mints another one. */
export function meterEventId(requestId: string, attempt: number, kind: string): string {
  return createHash('sha256').update(`${requestId}\n${attempt}\n${kind}`).digest('hex').slice(0, 40);
}

/** One message per bucket that has units: cache reads and writes are told apart, nothing is dropped. */
export function meterMessages(
  sink: string,
  use: MeteredUse,
  meterOf: (bucket: UsageBucket) => string | undefined,
): OutboxMessage[] {
  return Object.entries(use.units).flatMap(([bucket, units]) => {
    const meter = meterOf(bucket as UsageBucket);
    if (meter === undefined || units === undefined || units === 0) return [];
    return [
      {
        sink,
        eventId: meterEventId(use.requestId, use.attempt, `${use.about ?? 'meter'}/${bucket}`),
        kind: 'meter_event',
        occurredAtMs: use.endedAtMs,
        payload: {
          meter,
          customer: use.customer,
          units: String(units),
          model: use.model,
          bucket,
          chargeNanos: use.chargeNanos?.[bucket as UsageBucket]?.toString() ?? null,
        },
      },
    ];
  });
}
