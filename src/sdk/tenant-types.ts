/** Whole nano-USD as decimal text: `BigInt(text)` reads it, a Number would lose digits. */
export type Nanos = string;

/** One page of a list. */
export interface Page<Row> {
  readonly data: readonly Row[];
  /** For the next page; null on the last one. */
  readonly nextCursor: string | null;
}

/** Which page of a list. */
export interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Whom the organisation bills. */
export interface Customer {
  readonly id: string;
  readonly displayName: string;
  readonly status: 'active' | 'suspended' | 'closed';
  readonly timeZone?: string;
  readonly currency?: string;
  readonly models?: readonly string[];
  readonly billing?: { readonly [field: string]: string };
  readonly source: 'api' | 'yaml';
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** What can be set of a customer; null clears. */
export interface CustomerInput {
  readonly displayName?: string | undefined;
  readonly timeZone?: string | null | undefined;
  readonly currency?: string | null | undefined;
  readonly models?: readonly string[] | null | undefined;
  readonly billing?: { readonly [field: string]: string } | null | undefined;
}

/** A part of a customer that usage and budgets are kept for. */
export interface Project {
  readonly customer: string;
  readonly id: string;
  readonly displayName: string;
  readonly status: 'active' | 'closed';
}

/** Limits of a key; absent ones do not limit. */
export interface KeyLimits {
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  readonly concurrent?: number | undefined;
}

/** What can be set of a key. */
export interface KeyInput {
  readonly project?: string | null | undefined;
  readonly models?: readonly string[] | undefined;
  readonly limits?: KeyLimits | undefined;
  readonly metered?: boolean | undefined;
  readonly onClientGone?: 'cancel' | 'drain' | undefined;
  readonly cache?: 'off' | 'deterministic' | 'all' | undefined;
  readonly storeResponses?: boolean | undefined;
  readonly expiresAtMs?: number | null | undefined;
}

/** A credential of a client, without its secret. */
export interface Key {
  readonly name: string;
  readonly customer: string;
  readonly project?: string;
  readonly models: readonly string[];
  readonly limits: KeyLimits;
  readonly metered: boolean;
  readonly onClientGone: 'cancel' | 'drain';
  readonly cache: 'off' | 'deterministic' | 'all';
  readonly storeResponses: boolean;
  readonly source: 'api' | 'yaml';
  readonly status: 'active' | 'revoked';
  readonly expiresAtMs?: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** A key with its secret: shown once, null when the same change is sent again. */
export type MintedKey = Key & { readonly secret: string | null };

/** What a limit counts. */
export type BudgetScope = 'key' | 'endUser' | 'job' | 'project' | 'customer' | 'organisation';

/** A spending limit. */
export interface Budget {
  readonly id: string;
  readonly scope: BudgetScope;
  readonly name: string;
  readonly customer?: string;
  readonly limitNanos: Nanos;
  readonly period: 'day' | 'week' | 'month' | 'lifetime';
  readonly isHard: boolean;
  readonly timeZone?: string;
  readonly source: 'api' | 'yaml';
}

/** A new spending limit. */
export interface BudgetInput {
  readonly scope: BudgetScope;
  readonly name: string;
  readonly customer?: string | undefined;
  readonly limitNanos: Nanos;
  readonly period: Budget['period'];
  readonly isHard?: boolean | undefined;
  readonly timeZone?: string | undefined;
}

/** What one subject has spent of a limit in one period. */
export interface BudgetUse {
  readonly budgetId: string;
  readonly subject: string;
  readonly periodStartMs: number;
  readonly spentNanos: Nanos;
  readonly heldNanos: Nanos;
}

/** A customer's prepaid balance. */
export interface Wallet {
  readonly customer: string;
  readonly balanceNanos: Nanos;
  readonly receivableNanos: Nanos;
  readonly receivableLimitNanos: Nanos;
  readonly topUpBelowNanos?: Nanos;
  readonly topUpNanos?: Nanos;
}

/** How a wallet is opened. */
export interface WalletInput {
  readonly receivableLimitNanos?: Nanos | undefined;
  readonly topUpBelowNanos?: Nanos | undefined;
  readonly topUpNanos?: Nanos | undefined;
}

/** An amount put into a wallet. */
export interface Grant {
  readonly id: string;
  readonly customer: string;
  readonly kind: 'prepaid' | 'promo';
  readonly amountNanos: Nanos;
  readonly remainingNanos: Nanos;
  readonly priority: number;
  readonly effectiveAtMs: number;
  readonly expiresAtMs?: number;
  readonly expiredAtMs?: number;
  readonly createdAtMs: number;
}

/** A new amount; the same operation key puts it in once. */
export interface GrantInput {
  readonly kind: Grant['kind'];
  readonly amountNanos: Nanos;
  readonly operationKey: string;
  readonly priority?: number | undefined;
  readonly effectiveAtMs?: number | undefined;
  readonly expiresAtMs?: number | undefined;
}

/** A pack of the customer's plan to sell; the same operation key sells it once. */
export interface PackInput {
  readonly pack: string;
  readonly operationKey: string;
}

/** A pack that was sold, and the credit it gave. */
export interface SoldPack {
  readonly pack: string;
  readonly priceNanos: Nanos;
  readonly grant: Grant;
}

/** A credential for the control API. */
export interface AccessToken {
  readonly id: string;
  readonly name: string;
  readonly role: 'owner' | 'operator' | 'finance' | 'viewer';
  readonly customerId: string | null;
  readonly prefix: string;
  readonly status: 'active' | 'revoked';
  readonly expiresAtMs: number | null;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

/** A new credential; with a customer, a viewer of that customer only. */
export interface AccessTokenInput {
  readonly name: string;
  readonly role: AccessToken['role'];
  readonly customer?: string | undefined;
  readonly expiresAtMs?: number | undefined;
}

/** One change, as it is kept. */
export interface AuditEntry {
  readonly id: string;
  readonly atMs: number;
  readonly actor: string;
  readonly role: string;
  readonly action: string;
  readonly subjectKind: string;
  readonly subjectId: string;
  readonly customerId: string | null;
  readonly before: unknown;
  readonly after: unknown;
}
