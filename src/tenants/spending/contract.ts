import type { Fault } from '../../domain/faults/fault.ts';

/** On whose behalf an exchange spends; the organisation is implied. */
export interface Spender {
  readonly customer: string;
  readonly key: string;
  readonly endUser?: string | undefined;
  readonly job?: string | undefined;
  readonly project?: string | undefined;
  readonly feature?: string | undefined;
  /** Amount that a token of the customer's backend may spend in all, beside every budget. */
  readonly token?: SpenderToken | undefined;
}

/** The browser-safe token that an exchange came with, when it carries a budget of its own. */
export interface SpenderToken {
  readonly id: string;
  readonly limitNanos: bigint;
  readonly expiresAtMs: number;
}

/** What an exchange asks to be admitted with. */
export interface SpenderRequest {
  readonly exchangeId: string;
  readonly spender: Spender;
  /** Upper estimate of the charge, at the dearest endpoint that may be asked. */
  readonly amountNanos: bigint;
  /** Upper estimate of input and output tokens, for rate limits. */
  readonly tokensEstimate: number;
  /** Start of the exchange by the wall clock: it decides the period. */
  readonly atMs: number;
}

/** An amount and a place in every rate limit, reserved for one exchange; ended exactly once by settle or release. */
export interface Hold {
  readonly exchangeId: string;
  /** What is reserved now, top-ups included. */
  readonly amountNanos: bigint;
  /** Tokens that count towards a limit until it is settled; undefined when none limits them. */
  readonly heldTokens?: number | undefined;
  /** Some scope ends requests at its limit: an unknown price must not pass, a stream must be cut at the hold. */
  readonly isHard: boolean;
  /** Reserves more in every scope, or nothing and false; never waits. */
  topUp(nanos: bigint): boolean;
  /** As topUp, but asks the database for more when this gateway's share is used up. */
  topUpOrWait(nanos: bigint): boolean | Promise<boolean>;
  /** Turns the hold into what was charged, in the period of the start. The second call does nothing. */
  settle(chargeNanos: bigint, atMs: number, usedTokens?: number): void;
  /** The request is over, what it holds is for later: gives back its place in the rate limits. */
  leaveRates(): void;
  /** Gives everything back: nothing was spent. */
  release(): void;
}

/** Answer to a request for admission: immediate in the steady state, later when a lease must be refilled. */
export type Admittance = Hold | Fault | Promise<Hold | Fault>;

/** Limits of money and rate over all scopes: everything is admitted at once, or nothing. */
export interface SpendingGate {
  /**
   * Refusals are `budget_exceeded` (402), `rate_limited` (429, with a wait) and `budget_unavailable` (503, when a hard
   * limit cannot be checked).
   */
  admit(request: SpenderRequest): Admittance;
  /**
   * What can be held now under the spender's hard limits: the smallest rest over its scopes, undefined without a hard
   * limit. Decides what a call without a limit of its own may ask the model for.
   */
  headroomNanos(spender: Spender, atMs: number): bigint | undefined;
  /** Whether some hard budget or wallet applies, hence whether an unknown price must block. */
  isHardLimited(spender: Spender): boolean;
  /** Whether a limit of tokens per minute applies: only then the estimate of tokens matters. */
  isTokenLimited(spender: Spender): boolean;
}

/** Levels at which limits are set, in the order in which they are checked and locked. */
export const spendingScopes = [
  'token',
  'key',
  'endUser',
  'job',
  'project',
  'customer',
  'wallet',
  'organisation',
] as const;

/** A level at which limits are set. A wallet is the prepaid balance of a customer. */
export type SpendingScope = (typeof spendingScopes)[number];

/** How often a budget starts anew, in the time zone of its customer or else of the organisation. */
export type BudgetPeriod = 'day' | 'week' | 'month' | 'lifetime';

/** One spending limit. */
export interface BudgetRule {
  /** Stable over restarts; counters are kept under it. */
  readonly id: string;
  readonly scope: SpendingScope;
  /** Whom it limits; `*` gives each one of the scope a budget of its own. */
  readonly name: string;
  /** Only this customer's; end users and projects of different customers are different in any case. */
  readonly customer?: string | undefined;
  readonly limitNanos: bigint;
  readonly period: BudgetPeriod;
  /** Soft budgets only tell when they are passed. */
  readonly isHard: boolean;
  /** IANA name; absent: of the customer, else of the organisation. */
  readonly timeZone?: string | undefined;
  /** Exchanges that started earlier do not count. */
  readonly countedFromMs?: number | undefined;
}

/** Rate limits of one scope; absent figures do not limit. */
export interface RateRule {
  readonly scope: Exclude<SpendingScope, 'wallet' | 'token'>;
  /** Whom it limits; `*` limits each one of the scope by itself. */
  readonly name: string;
  readonly customer?: string | undefined;
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  readonly concurrent?: number | undefined;
}

/** Every limit that holds at one moment; replaced as a whole when the configuration changes. */
export interface SpendingRules {
  readonly budgets: readonly BudgetRule[];
  readonly rates: readonly RateRule[];
  /** Time zone of the organisation. */
  readonly timeZone: string;
  /** Time zones of customers that differ from it. */
  readonly timeZones: ReadonlyMap<string, string>;
}

/** What an exchange was charged, as its fact says; the projector applies it once. */
export interface ProjectedCharge {
  readonly exchangeId: string;
  readonly gatewayId: string;
  readonly spender: Spender;
  /** The token whose own budget it counts towards; its limit is known where it was admitted. */
  readonly tokenId?: string | undefined;
  readonly chargeNanos: bigint;
  /** Start of the exchange: the period it belongs to, and which grants may pay. */
  readonly startedAtMs: number;
  /** A later figure for an exchange that was settled before; it moves no lease. */
  readonly isCorrection?: boolean | undefined;
}

/** Who pays a part of a charge. */
export interface FundingPart {
  readonly kind: 'prepaid' | 'promo' | 'receivable';
  /** Absent for receivables. */
  readonly grantId?: string | undefined;
  readonly amountNanos: bigint;
  /** The grant had been written off as expired; the ledger takes this part back from breakage. */
  readonly fromBreakage?: boolean | undefined;
}

/** How a projected charge was paid, for the ledger. */
export interface ChargeFunding {
  readonly exchangeId: string;
  readonly customer: string;
  readonly parts: readonly FundingPart[];
}

/** Something about limits that people should hear of. */
export interface SpendingNotice {
  readonly kind: 'soft_limit' | 'over_hold' | 'late_settle' | 'over_limit' | 'fenced' | 'lease_in_doubt';
  readonly scope?: SpendingScope | undefined;
  readonly subject?: string | undefined;
  readonly budgetId?: string | undefined;
  readonly exchangeId?: string | undefined;
  readonly amountNanos?: bigint | undefined;
  readonly limitNanos?: bigint | undefined;
}
