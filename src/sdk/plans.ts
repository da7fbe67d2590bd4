import type { Plan, PlanInput, Subscription, SubscriptionInput } from './plan-types.ts';
import type { Page, PageQuery } from './tenant-types.ts';
import type { ChangeOptions } from './tenants.ts';
import type { Caller } from './transport.ts';

const segment = encodeURIComponent;
const base = '/api/v1';

/** What customers pay: plans in versions, and who is on which. */
export function plansOf(call: Caller) {
  const customer = (id: string): string => `${base}/customers/${segment(id)}`;
  return {
    list: (query?: PageQuery & { readonly plan?: string | undefined }) =>
      call<Page<Plan>>({ path: `${base}/plans`, query }),
    get: (id: string) => call<Plan>({ path: `${base}/plans/${segment(id)}` }),
    /** Makes a plan, or its next version. */
    create: (body: PlanInput, options?: ChangeOptions) =>
      call<Plan>({ method: 'POST', path: `${base}/plans`, body, ...options }),
    subscriptionOf: (customerId: string) => call<Subscription>({ path: `${customer(customerId)}/subscription` }),
    subscribe: (customerId: string, body: SubscriptionInput, options?: ChangeOptions) =>
      call<Subscription>({ method: 'POST', path: `${customer(customerId)}/subscriptions`, body, ...options }),
  };
}
