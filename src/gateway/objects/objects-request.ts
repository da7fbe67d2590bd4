import type { Catalog } from '../../catalog/index.ts';
import type { Config } from '../../config/index.ts';
import type { DispatchDeps } from '../../dispatch/index.ts';
import type { Host } from '../../domain/calls/endpoint.ts';
import type { Fault } from '../../domain/faults/fault.ts';
import type { Journal } from '../../journal/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { InboundProtocol } from '../../protocols/index.ts';
import type { ObjectIndex } from '../../storage/index.ts';
import type { Hold, Key } from '../../tenants/index.ts';
import type { BatchAccounts } from './batch-accounts.ts';
import type { MoneyPorts } from '../money/money-ports.ts';
import type { ExchangeBoard } from '../exchange-board.ts';
import type { ResponsesState } from '../responses/responses-state.ts';

/** Collections of objects that clients can name after they were made. */
export type ObjectCollection = 'files' | 'batches' | 'responses';

/** A request about an object, as the edge hands it over. */
export interface ObjectRequest {
  readonly requestId: string;
  readonly inbound: InboundProtocol;
  readonly key: Key;
  readonly method: string;
  readonly collection: ObjectCollection;
  readonly id?: string;
  /** What is to be done with the object, or the part of it that is asked for. */
  readonly action?: string;
  readonly query: URLSearchParams;
  readonly bytes: Buffer;
  readonly contentType: string;
  /** Host for a new file, as the client named it. */
  readonly hostName?: string;
}

/** A good answer to a request about an object. */
export interface ObjectAnswer {
  readonly contentType: string;
  readonly body: Buffer | string;
  /** Who answered; absent when we did. */
  readonly host?: Host;
  /** The hold of the request goes on, for what it made. */
  readonly keepsHold?: boolean;
}

/** What requests about objects need of the product. */
export interface ObjectDeps {
  readonly index: ObjectIndex;
  readonly responses: ResponsesState;
  readonly dispatch: DispatchDeps;
  readonly journal: Journal;
  readonly money: MoneyPorts;
  readonly batches: BatchAccounts;
  readonly board: ExchangeBoard;
  readonly clock: Clock;
  readonly logger: Logger;
  newId(prefix: string): string;
  settings(): { readonly catalog: Catalog; readonly config: Config };
}

/** Does one kind of request, under what is held for it. */
export type ObjectHandler = (request: ObjectRequest, deps: ObjectDeps, hold: Hold) => Promise<ObjectAnswer | Fault>;

/** An answer of our own making. */
export function jsonAnswer(value: object): ObjectAnswer {
  return { contentType: 'application/json', body: JSON.stringify(value) };
}
