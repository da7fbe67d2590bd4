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
  /** A customer's program or page: it reaches the routes made for those and no others, whatever its role. */
  readonly isClient?: boolean;
  /** Set for a token of one customer: it reads that customer's rows and nothing else. */
  readonly customerId?: string | undefined;
  /** Set by browser-safe tokens, which speak for one end user. */
  readonly endUser?: string | undefined;
}

/** Tokens that are known but never lead into the control API, such as those of end users' browsers. */
export interface Outsider {
  readonly outsider: string;
  /** Who it is, for the few routes that are for clients. */
  readonly client?: ClientCaller | undefined;
}

/** A program with a customer's key, or a page with a browser-safe token. */
export interface ClientCaller {
  readonly key: string;
  readonly customerId: string;
  readonly endUser?: string | undefined;
  /** The page that sent it and may read the answer. */
  readonly origin?: string | undefined;
}
