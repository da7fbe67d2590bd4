/** What people and programs of the organisation may do; ordered from most to least. */
export const roles = ['owner', 'operator', 'finance', 'viewer'] as const;

/** Name of a role. */
export type Role = (typeof roles)[number];

/** Everyone who works for the organisation and may read what concerns it. */
export const staff: readonly Role[] = ['owner', 'operator', 'finance'];

/** Staff, and viewers as far as their token reaches. */
export const readers: readonly Role[] = roles;

/** Who calls the control API. */
export interface Principal {
  /** For the audit log: `owner`, or the name of the access token. Never the token. */
  readonly name: string;
  readonly role: Role;
  /** Set for a token of one customer: it reads that customer's rows and nothing else. */
  readonly customerId?: string | undefined;
}

/** Tokens that are known but never lead into the control API, such as those of end users' browsers. */
export interface Outsider {
  readonly outsider: string;
}
