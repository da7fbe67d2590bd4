import type { PaymentNotice, PaymentPort, TopUpAnswer, TopUpRequest } from './payment-port.ts';

const nanosPerCent = 10_000_000n;

/** A finished checkout, as far as it is read. */
interface CheckoutSession {
  readonly id: string;
  readonly payment_status?: string;
  readonly amount_total?: number | null;
  readonly currency?: string | null;
  readonly metadata?: Record<string, string> | null;
}

/** The part of the Stripe client that is used. */
export interface CheckoutClient {
  readonly checkout: {
    readonly sessions: {
      create(
        session: {
          mode: 'payment';
          success_url: string;
          client_reference_id: string;
          metadata: Record<string, string>;
          line_items: {
            quantity: number;
            price_data: { currency: string; unit_amount: number; product_data: { name: string } };
          }[];
        },
        options: { idempotencyKey: string },
      ): Promise<{ id: string; url: string | null }>;
    };
  };
  readonly webhooks: {
    constructEventAsync(
      body: string,
      signature: string,
      secret: string,
    ): Promise<{ type: string; data: { object: object } }>;
  };
}

/** Top-ups through a page of Stripe Checkout; its signed notice says that the money is there. */
export class StripePayments implements PaymentPort {
  readonly name = 'stripe';
  readonly #client: CheckoutClient;
  readonly #webhookSecret: string;
  readonly #returnUrl: string;

  constructor(deps: { readonly client: CheckoutClient; readonly webhookSecret: string; readonly returnUrl: string }) {
    this.#client = deps.client;
    this.#webhookSecret = deps.webhookSecret;
    this.#returnUrl = deps.returnUrl;
  }

  async requestTopUp(request: TopUpRequest): Promise<TopUpAnswer> {
    const { operationKey, customer, amountNanos, currency, description } = request;
    if (currency !== 'USD') return { state: 'declined', reason: `top-ups are paid in USD, not in ${currency}` };
    if (amountNanos <= 0n || amountNanos % nanosPerCent !== 0n) {
      return { state: 'declined', reason: 'a top-up is a whole number of cents' };
    }
    const cents = amountNanos / nanosPerCent;
    if (cents > BigInt(Number.MAX_SAFE_INTEGER)) return { state: 'declined', reason: 'the amount is too large' };
    const session = await this.#client.checkout.sessions.create(
      {
        mode: 'payment',
        success_url: request.returnUrl ?? this.#returnUrl,
        client_reference_id: customer,
        metadata: { operation: operationKey, customer },
        line_items: [
          {
            quantity: 1,
            price_data: { currency: 'usd', unit_amount: Number(cents), product_data: { name: description } },
          },
        ],
      },
      { idempotencyKey: operationKey },
    );
    return { state: 'pending', reference: session.id, payUrl: session.url ?? undefined };
  }

  async readNotice(body: string, signature: string | undefined): Promise<PaymentNotice | undefined> {
    const event = await this.#client.webhooks.constructEventAsync(body, signature ?? '', this.#webhookSecret);
    if (event.type !== 'checkout.session.completed' && event.type !== 'checkout.session.async_payment_succeeded') {
      return undefined;
    }
    const session = event.data.object as CheckoutSession;
    const operationKey = session.metadata?.['operation'];
    const customer = session.metadata?.['customer'];
    const isPaid = session.payment_status === 'paid' && session.currency === 'usd';
    if (!isPaid || operationKey === undefined || customer === undefined) return undefined;
    const amountNanos = BigInt(session.amount_total ?? 0) * nanosPerCent;
    return { operationKey, customer, amountNanos, reference: session.id };
  }
}
