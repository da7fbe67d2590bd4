import type { DialectId, HostProtocol, Operation } from '../domain/calls/dialect.ts';
import type { Endpoint } from '../domain/calls/endpoint.ts';
import type { JsonEdit } from '../protocols/index.ts';
import type { Quirks } from './quirks.ts';

/** Header that carries a plain API key. */
export type KeyHeader = 'bearer' | 'x-api-key' | 'x-goog-api-key' | 'api-key';

/** One call on its way to an address. */
export interface AddressedCall {
  readonly operation: Operation;
  readonly dialect: DialectId;
  readonly stream: boolean;
  readonly endpoint: Endpoint;
}

/** Where a provider wants its calls, as the vendor's documentation says. */
export interface Addressing {
  /** Dialects offered for an operation, the best one first; empty when it is not offered. */
  dialectsFor(endpoint: Endpoint, operation: Operation): readonly DialectId[];
  /** Path and query below the base URL. */
  pathFor(call: AddressedCall): string;
  /** How the body names the model, and what else the address demands of it. */
  bodyEdits(call: AddressedCall): readonly JsonEdit[];
  /** Path and query of OpenAI's object routes below the base URL; absent where there are none. */
  objectPath?(path: string, endpoint: Endpoint): string;
  /** Headers that the dialect needs at this address. */
  headersFor?(call: AddressedCall): { readonly [name: string]: string };
}

/** A page that states what a definition declares, and the day it was read. */
export interface Documentation {
  readonly url: string;
  readonly date: string;
}

/** Everything that sets one provider apart; data, so that one implementation serves them all. */
export interface ProviderDefinition {
  readonly id: string;
  readonly name: string;
  readonly protocol: HostProtocol;
  /**
   * With the version segment, without trailing slash. `{region}`, `{location}` and `{project}` come from the
   * credentials. Undefined: the operator must say it, see `baseUrlExample`.
   */
  readonly baseUrl?: string;
  readonly baseUrlExample?: string;
  readonly keyEnv: readonly string[];
  /** A local server found by probing its default address. */
  readonly local?: boolean;
  /** Source of the address, the authentication and the quirks. Absent: they are assumed, and there are no quirks. */
  readonly documentation?: Documentation;
  /** Our decoders are tested on recordings of its traffic. */
  readonly recorded?: boolean;
  /** Stands for hosts we have no page about; its evidence is the dialect's own documentation. */
  readonly generic?: boolean;
  readonly keyHeader: KeyHeader;
  readonly addressing: Addressing;
  readonly quirks?: Quirks;
  /** Pages for quirks that `documentation` does not mention. */
  readonly quirkSources?: { readonly [Name in keyof Quirks]?: string };
}
