import type { Clock } from '../../platform/clock.ts';
import type { Delivery, OutboxMessage, Sink } from './outbox.ts';

/** Identifiers are unique for at least this long there, and events are accepted no later. */
const acceptedMs = 24 * 3_600_000;
const nanosPerCent = 10_000_000n;

/** The part of the Stripe client that is used. */
export interface StripeClient {
  readonly billing: {
    readonly meterEvents: {
      create(
        event: {
          event_name: string;
          payload: Record<string, string>;
          identifier: string;
          timestamp: number;
        },
        options?: { idempotencyKey: string },
      ): Promise<unknown>;
    };
  };
  readonly invoiceItems: {
    create(
      item: {
        customer: string;
        amount: number;
        currency: string;
        description: string;
        metadata: Record<string, string>;
      },
      options?: { idempotencyKey: string },
    ): Promise<unknown>;
  };
}

/** How the client is made. */
export interface StripeSettings {
  readonly secretKey: string;
  /** Another address, for tests. */
  readonly host?: { readonly protocol: 'http' | 'https'; readonly host: string; readonly port: number } | undefined;
}

/** A message stays locked while its answer is awaited, and the database ends transactions that idle for a minute. */
const answerLimitMs = 20_000;

/** Loads the optional package; without it the export is refused with the command that adds it. */
export async function openStripe({ secretKey, host }: StripeSettings): Promise<StripeClient> {
  const stripe = await import('stripe').catch((error: unknown) => {
    throw new Error('The package stripe is not installed; add it with: npm install stripe', { cause: error });
  });
  // The outbox retries: a client that also did would only hide that the sink is down.
  return new stripe.default(secretKey, { maxNetworkRetries: 0, telemetry: false, timeout: answerLimitMs, ...host });
}

/**
 * Sends meter events and invoice items. The identifier is the id of the message. What is older than Stripe accepts goes
 * as an adjustment, never again as an event: its identifier may have been forgotten there.
 */
export class StripeSink implements Sink {
  readonly name: string;
  readonly #client: StripeClient;
  readonly #clock: Clock;
  readonly #customerOf: (customer: string) => string | undefined;

  constructor(deps: {
    readonly name: string;
    readonly client: StripeClient;
    readonly clock: Clock;
    /** Stripe's id of a customer. */
    readonly customerOf: (customer: string) => string | undefined;
  }) {
    this.name = deps.name;
    this.#client = deps.client;
    this.#clock = deps.clock;
    this.#customerOf = deps.customerOf;
  }

  async deliver(message: OutboxMessage): Promise<Delivery> {
    const { payload } = message;
    const customer = this.#customerOf(text(payload.customer));
    if (customer === undefined)
      return { state: 'refused', reason: `${text(payload.customer)} has no customer at Stripe` };
    try {
      return message.kind === 'meter_event'
        ? await this.#meter(message, customer)
        : await this.#item(message, customer);
    } catch (error) {
      const known = isAlreadyThere(error);
      if (known) return { state: 'sent' };
      if (statusOf(error) === 400)
        return { state: 'refused', reason: error instanceof Error ? error.message : 'refused' };
      throw error;
    }
  }

  async #meter(message: OutboxMessage, customer: string): Promise<Delivery> {
    const { eventId, payload, occurredAtMs } = message;
    if (this.#clock.nowMs() - occurredAtMs >= acceptedMs) {
      return { state: 'superseded', instead: { ...message, eventId: `${eventId}-adjustment`, kind: 'adjustment' } };
    }
    await this.#client.billing.meterEvents.create(
      {
        event_name: text(payload.meter),
        payload: { stripe_customer_id: customer, value: text(payload.units), model: text(payload.model) },
        identifier: eventId,
        timestamp: Math.floor(occurredAtMs / 1000),
      },
      { idempotencyKey: eventId },
    );
    return { state: 'sent' };
  }

  /** An invoice item: an amount, or units of a late event that somebody prices by hand. */
  async #item({ eventId, kind, payload }: OutboxMessage, customer: string): Promise<Delivery> {
    const cents = BigInt(text(payload.amountNanos, '0')) / nanosPerCent;
    const late = kind === 'adjustment' ? `Late use: ${text(payload.units)} of ${text(payload.meter)}` : '';
    await this.#client.invoiceItems.create(
      {
        customer,
        // Stripe takes cents as a JSON number; no invoice comes near 2^53 of them.
        amount: Number(cents),
        currency: text(payload.currency, 'usd').toLowerCase(),
        description: text(payload.description, late),
        metadata: {
          switchyard_event: eventId,
          units: text(payload.units),
          meter: text(payload.meter),
          model: text(payload.model),
        },
      },
      { idempotencyKey: eventId },
    );
    return { state: 'sent' };
  }
}

function text(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}

/** Stripe says so when it has seen an identifier before: the first delivery arrived, its answer did not. */
function isAlreadyThere(error: unknown): boolean {
  return error instanceof Error && /already exists with identifier/i.test(error.message);
}

function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : undefined;
}
