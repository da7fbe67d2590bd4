/** What a customer is asked to pay for a top-up. */
export interface TopUpRequest {
  /** Made once; asking again under it asks for nothing new. */
  readonly operationKey: string;
  readonly customer: string;
  readonly amountNanos: bigint;
  readonly currency: string;
  readonly description: string;
  /** Where the customer goes on afterwards. */
  readonly returnUrl?: string | undefined;
}

/** What came of the request. `pending` payments are settled when the driver's notice arrives. */
export type TopUpAnswer =
  | { readonly state: 'paid'; readonly reference: string }
  | { readonly state: 'pending'; readonly reference: string; readonly payUrl?: string | undefined }
  | { readonly state: 'declined'; readonly reason: string };

/** A payment that arrived: what it was for, and how much. */
export interface PaymentNotice {
  readonly operationKey: string;
  readonly customer: string;
  readonly amountNanos: bigint;
  readonly reference: string;
}

/** How money comes in; wallets know nothing of who carries it. */
export interface PaymentPort {
  readonly name: string;
  requestTopUp(request: TopUpRequest): Promise<TopUpAnswer>;
  /** Checks and reads what the carrier tells; undefined when it is about something else. Throws when it is forged. */
  readNotice(body: string, signature: string | undefined): Promise<PaymentNotice | undefined>;
}

/** Payments that a person sees on the bank account and books by hand. */
export const manualPayments: PaymentPort = {
  name: 'manual',
  requestTopUp: async ({ operationKey }) => ({ state: 'pending', reference: operationKey }),
  readNotice: async () => undefined,
};
