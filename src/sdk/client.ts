import { appsOf } from './apps.ts';
import { buildsOf } from './builds.ts';
import type { CostExplanation } from './cost-explanation.ts';
import { providerCredentialsOf, tokenSignersOf } from './credentials.ts';
import type { LiveView } from './live-view.ts';
import { invoicesOf, ledgerOf, usageOf } from './money.ts';
import type { Exchange } from './money-types.ts';
import { operationsOf, reconciliationOf } from './operations.ts';
import { evalsOf } from './evals.ts';
import { fixesOf } from './fixes.ts';
import { rolloutsOf } from './rollouts.ts';
import type { OutcomeBatch, OutcomeInput, OutcomeRecord } from './outcome.ts';
import { plansOf } from './plans.ts';
import { pricesOf } from './prices.ts';
import type { RequestRecord } from './request-record.ts';
import { jobsOf, routingOf } from './routing.ts';
import { runsOf } from './runs.ts';
import { sandboxesOf } from './sandboxes.ts';
import { accessOf, auditLogOf, budgetsOf, customersOf, keysOf, walletsOf } from './tenants.ts';
import type { Page, PageQuery } from './tenant-types.ts';
import { createCaller } from './transport.ts';

/** Where the gateway is and who asks. */
export interface ClientOptions {
  /** Origin of the gateway, for example `http://127.0.0.1:8787`. */
  readonly url: string;
  /** The owner token or an access token; it is sent as a bearer token and never put into an error. */
  readonly ownerToken: string;
  /** Longest wait for an answer; default 10 seconds. */
  readonly timeoutMs?: number;
  /** Stands in for the global `fetch`, for tests and other runtimes. */
  readonly fetch?: typeof globalThis.fetch;
}

/** What may accompany each call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** Records of single requests. */
export interface Requests {
  /** Facts, attempts, cost and decision of one request. Rejects with a ProblemError `not_found` for an unknown id. */
  get(requestId: string, options?: CallOptions): Promise<RequestRecord>;
  /** The arithmetic of one request: units times prices, and the charge by the plan. */
  cost(requestId: string, options?: CallOptions): Promise<CostExplanation>;
  /** The last settled requests, newest first. */
  list(query?: RequestQuery): Promise<Page<Exchange>>;
}

/** Which requests to list. */
export interface RequestQuery extends PageQuery {
  readonly customer?: string | undefined;
  readonly job?: string | undefined;
  readonly model?: string | undefined;
  readonly status?: 'completed' | 'failed' | 'aborted' | undefined;
}

/** Evidence from which routing learns. */
export interface Outcomes {
  post(outcome: OutcomeInput, options?: CallOptions): Promise<OutcomeRecord>;
  /** Up to 1,000 at once; each is taken or refused on its own. */
  postAll(outcomes: readonly OutcomeInput[], options?: CallOptions): Promise<OutcomeBatch>;
}

/** Client of the control API. It is not for prompts and answers: for those use the SDK of your dialect. */
export interface Client {
  readonly requests: Requests;
  readonly outcomes: Outcomes;
  readonly routing: ReturnType<typeof routingOf>;
  readonly jobs: ReturnType<typeof jobsOf>;
  readonly customers: ReturnType<typeof customersOf>;
  readonly plans: ReturnType<typeof plansOf>;
  readonly keys: ReturnType<typeof keysOf>;
  readonly tokenSigners: ReturnType<typeof tokenSignersOf>;
  readonly providerCredentials: ReturnType<typeof providerCredentialsOf>;
  readonly budgets: ReturnType<typeof budgetsOf>;
  readonly wallets: ReturnType<typeof walletsOf>;
  readonly usage: ReturnType<typeof usageOf>;
  readonly ledger: ReturnType<typeof ledgerOf>;
  readonly reconciliation: ReturnType<typeof reconciliationOf>;
  readonly invoices: ReturnType<typeof invoicesOf>;
  readonly prices: ReturnType<typeof pricesOf>;
  readonly operations: ReturnType<typeof operationsOf>;
  /** Running code. */
  readonly evals: ReturnType<typeof evalsOf>;
  readonly fixes: ReturnType<typeof fixesOf>;
  /** New models on their way into jobs. */
  readonly rollouts: ReturnType<typeof rolloutsOf>;
  readonly runs: ReturnType<typeof runsOf>;
  readonly sandboxes: ReturnType<typeof sandboxesOf>;
  /** Apps made of words. */
  readonly builds: ReturnType<typeof buildsOf>;
  readonly accessTokens: ReturnType<typeof accessOf>;
  readonly auditLog: ReturnType<typeof auditLogOf>;
  readonly apps: ReturnType<typeof appsOf>;
  /** What is running now, what just ended, and how the endpoints are doing. */
  live(options?: CallOptions): Promise<LiveView>;
}

/**
 * Makes a client of one gateway's control API.
 *
 * @example
 * const client = createClient({ url: 'http://127.0.0.1:8787', ownerToken });
 * const record = await client.requests.get(requestId);
 * await client.outcomes.post({ requestId, kind: 'score', value: 1 });
 * const { secret } = await client.keys.create({ name: 'shop', customer: 'acme' });
 */
export function createClient(options: ClientOptions): Client {
  const call = createCaller(options);
  return {
    requests: {
      get: (requestId, { signal } = {}) =>
        call<RequestRecord>({ path: `/api/v1/requests/${encodeURIComponent(requestId)}`, signal }),
      cost: (requestId, { signal } = {}) =>
        call<CostExplanation>({ path: `/api/v1/requests/${encodeURIComponent(requestId)}/cost`, signal }),
      list: (query) => call<Page<Exchange>>({ path: '/api/v1/requests', query }),
    },
    outcomes: {
      post: (outcome, { signal } = {}) =>
        call<OutcomeRecord>({ method: 'POST', path: '/api/v1/outcomes', body: outcome, signal }),
      postAll: (outcomes, { signal } = {}) =>
        call<OutcomeBatch>({ method: 'POST', path: '/api/v1/outcomes/batch', body: { outcomes }, signal }),
    },
    routing: routingOf(call),
    jobs: jobsOf(call),
    customers: customersOf(call),
    plans: plansOf(call),
    keys: keysOf(call),
    tokenSigners: tokenSignersOf(call),
    providerCredentials: providerCredentialsOf(call),
    budgets: budgetsOf(call),
    wallets: walletsOf(call),
    usage: usageOf(call),
    ledger: ledgerOf(call),
    reconciliation: reconciliationOf(call),
    invoices: invoicesOf(call),
    prices: pricesOf(call),
    operations: operationsOf(call),
    evals: evalsOf(call),
    fixes: fixesOf(call),
    rollouts: rolloutsOf(call),
    runs: runsOf(call, options),
    sandboxes: sandboxesOf(call),
    builds: buildsOf(call, options),
    accessTokens: accessOf(call),
    auditLog: auditLogOf(call),
    apps: appsOf(call),
    live: ({ signal } = {}) => call<LiveView>({ path: '/api/v1/live', signal }),
  };
}
