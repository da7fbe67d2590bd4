import type { Delivery, OutboxMessage, Sink } from './outbox.ts';

/** Where CloudEvents go. */
export interface CloudEventsSettings {
  readonly name: string;
  readonly url: string;
  /** Sent as it is, for example `Bearer …`. */
  readonly authorization?: string | undefined;
  readonly timeoutMs: number;
}

const refusedStatuses: ReadonlySet<number> = new Set([400, 413, 422]);

/** Sends CloudEvents as JSON, as OpenMeter and others take them: `id` is the id of the message. */
export class CloudEventsSink implements Sink {
  readonly name: string;
  readonly #settings: CloudEventsSettings;

  constructor(settings: CloudEventsSettings) {
    this.name = settings.name;
    this.#settings = settings;
  }

  async deliver(message: OutboxMessage): Promise<Delivery> {
    const { url, authorization, timeoutMs } = this.#settings;
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/cloudevents+json',
        ...(authorization !== undefined && { authorization }),
      },
      body: JSON.stringify(this.#event(message)),
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    // A receiver that knows the event already has it.
    if (response.ok || response.status === 409) return { state: 'sent' };
    const reason = `${this.name} answered ${response.status}`;
    if (refusedStatuses.has(response.status)) return { state: 'refused', reason };
    throw new Error(reason);
  }

  #event({ eventId, kind, occurredAtMs, payload }: OutboxMessage): object {
    const { customer, gateway } = payload;
    return {
      specversion: '1.0',
      id: eventId,
      // Of the gateway that metered it, whoever delivers: receivers know a repetition by source and id.
      source: typeof gateway === 'string' ? `switchyard/${gateway}` : 'switchyard',
      type: `switchyard.${kind}`,
      time: new Date(occurredAtMs).toISOString(),
      ...(typeof customer === 'string' && { subject: customer }),
      datacontenttype: 'application/json',
      data: payload,
    };
  }
}
