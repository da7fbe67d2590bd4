import type { HostProtocol } from './dialect.ts';
import type { Price, PriceContract } from '../rating/price.ts';

/** What an endpoint can do. Absent means unknown, which is treated as yes: only a stated no excludes. */
export interface Capabilities {
  readonly tools?: boolean;
  readonly images?: boolean;
  readonly audio?: boolean;
  readonly documents?: boolean;
  readonly jsonSchema?: boolean;
  readonly reasoning?: boolean;
  /** Continues an assistant message given as the last turn. */
  readonly assistantPrefill?: boolean;
  readonly countTokens?: boolean;
}

/** Limits of one endpoint in tokens. */
export interface EndpointLimits {
  readonly contextTokens?: number;
  readonly maxOutputTokens?: number;
}

/** Four timers of an attempt and the one of the whole exchange. */
export interface Timeouts {
  readonly connectMs: number;
  readonly firstTokenMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

/** Credentials of a host, secrets already resolved. */
export type HostAuth =
  | { readonly type: 'none' }
  | { readonly type: 'api-key'; readonly apiKey: string }
  | {
      readonly type: 'aws';
      readonly region: string;
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken?: string;
    }
  | {
      readonly type: 'google';
      readonly clientEmail: string;
      readonly privateKey: string;
      readonly project: string;
      readonly location: string;
      readonly tokenUrl: string;
    }
  | { readonly type: 'azure'; readonly apiVersion: string; readonly apiKey?: string; readonly bearer?: string };

/** Who serves models: address, credentials and timers. */
export interface Host {
  readonly id: string;
  readonly protocol: HostProtocol;
  /** Which provider definition holds its quirks; equals `id` for known hosts, the protocol's generic one otherwise. */
  readonly providerId: string;
  /** Includes the version segment, no trailing slash. */
  readonly baseUrl: string;
  readonly auth: HostAuth;
  readonly timeouts: Timeouts;
  /** Extra headers on every upstream call. */
  readonly headers: { readonly [name: string]: string };
  /** Most connections and waiting calls to the host's origin. */
  readonly maxConnections: number;
  /** Name under which the shipped catalog knows it; absent for servers whose prices and limits nobody published. */
  readonly catalogId?: string;
  /** What the host promised about data; absent: nothing. No retention includes no training. */
  readonly dataPolicy?: 'no-training' | 'no-retention';
  /** The address may be private or loopback; absent means yes. Link-local ones are always refused. */
  readonly allowPrivateAddress?: boolean;
}

/** model × host × credentials: the unit that is routed to. */
export interface Endpoint {
  /** `<host>/<upstream model>`. */
  readonly id: string;
  /** Name under which it is configured or known; what a client asked for. */
  readonly modelName: string;
  readonly host: Host;
  readonly upstreamModel: string;
  readonly weight: number;
  readonly price: Price | undefined;
  /** The price is that of the shipped catalog: nobody configured it, and a price book knows it better. */
  readonly isListPrice?: true;
  readonly limits: EndpointLimits;
  readonly capabilities: Capabilities;
  /** The account at the host is the customer's own: the host bills the customer, and using it costs us nothing. */
  readonly ownAccount?: true;
  /** Where the host computes, where its address or credentials say so; some prices differ by it. */
  readonly region?: string;
}

/** What rates an attempt at an endpoint: the price in force, and the contract with the host if there is one. */
export interface PricedEndpoint {
  readonly price: Price | undefined;
  readonly contract?: PriceContract;
}
