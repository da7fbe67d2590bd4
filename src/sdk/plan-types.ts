/** One version of a plan; terms are as in `plans` of the configuration file. */
export interface Plan {
  readonly id: string;
  readonly plan: string;
  readonly version: number;
  readonly terms: { readonly [term: string]: unknown };
  readonly createdAtMs: number;
}

/** A plan to make, or the next version of one. */
export interface PlanInput {
  readonly plan: string;
  readonly terms: { readonly [term: string]: unknown };
}

/** Which version of a plan a customer is on. */
export interface Subscription {
  readonly id: string;
  readonly customer: string;
  readonly planVersionId: string;
  readonly seats: number;
  readonly validFromMs: number;
  readonly validToMs: number | null;
}

/** What a customer is put on, and from when. */
export interface SubscriptionInput {
  readonly planVersionId: string;
  readonly seats?: number | undefined;
  readonly validFromMs?: number | undefined;
}
