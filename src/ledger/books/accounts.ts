/** Accounts that every customer has; their owner is the customer. */
const customerAccounts = ['prepaid', 'promo', 'receivable', 'accrued'] as const;
/** Accounts that every host has; their owner is the host. */
const hostAccounts = ['cogs', 'vendor_payable'] as const;
/** Accounts of the organisation; they have no owner. */
const organisationAccounts = [
  'cash_clearing',
  'revenue',
  'absorbed',
  'breakage',
  'rounding',
  'recon_variance',
  'fx',
  'tax',
] as const;

/** What an account is for. `accrued` holds charges that no invoice has asked for yet. */
export type AccountKind =
  | (typeof customerAccounts)[number]
  | (typeof hostAccounts)[number]
  | (typeof organisationAccounts)[number];

/** Names one account. */
export interface AccountName {
  readonly kind: AccountKind;
  /** A customer or a host; empty for the organisation. */
  readonly owner: string;
}

/** An account of the organisation itself. */
export function ownAccount(kind: (typeof organisationAccounts)[number]): AccountName {
  return { kind, owner: '' };
}

/** An account of a customer. */
export function customerAccount(kind: (typeof customerAccounts)[number], customer: string): AccountName {
  return { kind, owner: customer };
}

/** An account of a host. */
export function hostAccount(kind: (typeof hostAccounts)[number], host: string): AccountName {
  return { kind, owner: host };
}
