import { nanosPerCent } from '../../domain/charges/proration.ts';
import type { Delivery, EarlierDeliveries, OutboxMessage, Sink } from './outbox.ts';

/** Identifiers are unique for at least a day there; what is nearly that old might be metered twice. */
const acceptedMs = 24 * 3_600_000 - 120_000;

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
    list(query: {
      customer: string;
      created: { gte: number };
      limit: number;
      starting_after?: string;
    }): Promise<{ readonly data: readonly StripeItem[]; readonly has_more: boolean }>;
  };
}

/** What is read of an invoice item that is there already. */
export interface StripeItem {
  readonly id: string;
  readonly metadata: Readonly<Record<string, string>> | null;
}

/** How the client is made. */
export interface StripeSettings {
  readonly secretKey: string;
  /** Another address, for tests. */
  readonly host?: { readonly protocol: 'http' | 'https'; readonly host: string; readonly port: number } | undefined;
}

/** Well within the time for which a message is claimed. */
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
 * Sends meter events and invoice items. The identifier is the id of the message. Events that became too old go as
 * amounts, never again as events: their identifiers may have been forgotten there. So may the keys of invoice items:
 * one that may have arrived is looked for before it is sent again.
 */
export class StripeSink implements Sink {
  readonly name: string;
  readonly lateAfterMs = acceptedMs;
  readonly #client: StripeClient;
  readonly #customerOf: (customer: string) => string | undefined;

  constructor(deps: {
    readonly name: string;
    readonly client: StripeClient;
    /** Stripe's id of a customer. */
    readonly customerOf: (customer: string) => string | undefined;
  }) {
    this.name = deps.name;
    this.#client = deps.client;
    this.#customerOf = deps.customerOf;
  }

  /** Stripe takes one event at a time of a customer and meter. */
  laneOf({ payload }: OutboxMessage): string {
    return text(payload.customer);
  }

  async deliver(message: OutboxMessage, { mayHaveArrived }: EarlierDeliveries): Promise<Delivery> {
    const { payload } = message;
    const customer = this.#customerOf(text(payload.customer));
    if (customer === undefined)
      return { state: 'refused', reason: `${text(payload.customer)} has no customer at Stripe` };
    try {
      if (message.kind === 'meter_event') return await this.#meter(message, customer);
      if (mayHaveArrived && (await this.#hasItem(message, customer))) return { state: 'sent' };
      return await this.#item(message, customer);
    } catch (error) {
      const known = isAlreadyThere(error);
      if (known) return { state: 'sent' };
      if (statusOf(error) === 400)
        return { state: 'refused', reason: error instanceof Error ? error.message : 'refused' };
      if (isUnreached(error))
        return { state: 'unreached', reason: error instanceof Error ? error.message : 'unreached' };
      throw error;
    }
  }

  async #meter({ eventId, payload, occurredAtMs }: OutboxMessage, customer: string): Promise<Delivery> {
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

  /** An amount in the smallest unit of its currency: of late use, of a closed invoice, or given back. */
  async #item({ eventId, payload }: OutboxMessage, customer: string): Promise<Delivery> {
    const { amountNanos, amountMinor } = payload;
    const minor = typeof amountMinor === 'string' ? BigInt(amountMinor) : centsOf(amountNanos);
    if (minor === undefined) return { state: 'refused', reason: 'its amount is unknown, or no whole number of cents' };
    if (minor > largestItem || minor < -largestItem) return { state: 'refused', reason: 'its amount is too large' };
    await this.#client.invoiceItems.create(
      {
        customer,
        amount: Number(minor),
        currency: text(payload.currency, 'usd').toLowerCase(),
        description: text(payload.description),
        metadata: { [eventField]: eventId, switchyard_document: text(payload.document) },
      },
      { idempotencyKey: eventId },
    );
    return { state: 'sent' };
  }

  /** Whether an earlier delivery made its item. Too many to look through is an error, for a person to see. */
  async #hasItem({ eventId, occurredAtMs }: OutboxMessage, customer: string): Promise<boolean> {
    const query = { customer, created: { gte: Math.floor((occurredAtMs - aheadMs) / 1000) }, limit: itemsPerPage };
    let after: string | undefined;
    for (let page = 0; page < mostPages; page += 1) {
      const found = await this.#client.invoiceItems.list({
        ...query,
        ...(after !== undefined && { starting_after: after }),
      });
      if (found.data.some(({ metadata }) => metadata?.[eventField] === eventId)) return true;
      after = found.data.at(-1)?.id;
      if (!found.has_more || after === undefined) return false;
    }
    throw new Error(`${customer} has too many invoice items at Stripe to tell whether ${eventId} is one of them`);
  }
}

const eventField = 'switchyard_event';
const itemsPerPage = 100;
const mostPages = 50;
/** An invoice bears the date of its customer, which may lie ahead of our own. */
const aheadMs = 2 * 24 * 3_600_000;

/** Stripe takes amounts as JSON numbers. */
const largestItem = BigInt(Number.MAX_SAFE_INTEGER);

function centsOf(amountNanos: unknown): bigint | undefined {
  if (typeof amountNanos !== 'string') return undefined;
  const nanos = BigInt(amountNanos);
  return nanos % nanosPerCent === 0n ? nanos / nanosPerCent : undefined;
}

function text(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}

/** Stripe says so when it has seen an identifier before: the first delivery arrived, its answer did not. */
function isAlreadyThere(error: unknown): boolean {
  return error instanceof Error && /already exists with identifier/i.test(error.message);
}

/** Turned away before anything was done, or never connected: every other failure leaves open what was done. */
function isUnreached(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined) return turnedAwayStatuses.has(status);
  // The client asks once more by itself when a connection closes under it: then the first time may have arrived.
  if (error instanceof Error && /was retried/i.test(error.message)) return false;
  const detail = typeof error === 'object' && error !== null && 'detail' in error ? error.detail : undefined;
  return typeof detail === 'object' && detail !== null && 'code' in detail && unconnectedCodes.has(String(detail.code));
}

const turnedAwayStatuses: ReadonlySet<number> = new Set([401, 403]);
const unconnectedCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'statusCode' in error && error.statusCode !== undefined
    ? Number(error.statusCode)
    : undefined;
}
