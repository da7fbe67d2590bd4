import type { z } from 'zod';
import type { Database } from '../../../storage/index.ts';
import type { AuditSubject } from './change-book.ts';
import { checkInput, type RawInput } from './read-input.ts';
import type { Principal, Role } from './principal.ts';

/** HTTP methods of the control API. */
export type RouteMethod = 'get' | 'post' | 'put' | 'patch' | 'delete';

/**
 * Whose rows a route touches, so that the framework can keep a customer's token to its own:
 * - `organisation`: never reachable with a token of one customer;
 * - `path`: the customer stands in the path as `{customerId}`;
 * - `query`: the rows are filtered by `customer`, which is forced to the token's own;
 * - `answer`: only the answer tells; it is withheld when it belongs to somebody else.
 */
export type RouteScope = 'organisation' | 'path' | 'query' | 'answer';

/** What a handler knows besides its input. */
export interface Call {
  readonly principal: Principal;
  /** The only customer whose rows may be read; undefined for staff. */
  readonly customerId: string | undefined;
  readonly atMs: number;
  /** Names the object of the change for the audit log; a change that names none is a defect. */
  audited(subject: AuditSubject): void;
  /** Given when the caller has left, or its document was read no further. */
  readonly signal: AbortSignal;
  /** The header's, for changes that do not go through the database. */
  readonly idempotencyKey: string | undefined;
  /** The database: for a change inside the transaction that also holds the audit entry and the idempotency key. */
  readonly database: Database;
}

/** An answer that is no JSON: a document to keep. */
export interface FileAnswer {
  readonly contentType: string;
  /** Absent: it is read as it comes, not kept. */
  readonly fileName?: string;
  /** Pieces of text are sent as they are made; a caller that leaves ends the making. */
  readonly content: Uint8Array | string | AsyncIterable<string>;
  /** Whose document it is, for the same check as of any other answer. */
  readonly ownerId: string | undefined;
}

/** What a route declares about itself; everything but the handler also stands in the OpenAPI document. */
export interface RouteFacts {
  readonly operationId: string;
  readonly method: RouteMethod;
  /** Below `/api/v1`, with parameters in braces. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly roles: readonly Role[];
  readonly scope: RouteScope;
  /** Status of a success; 200 when absent. */
  readonly status?: 200 | 201 | 204;
  /** Action in the audit log; every route that changes something has one. */
  readonly audit?: string;
  /** The module that makes the change writes the audit entry itself. */
  readonly auditedBelow?: boolean;
  /** Works without the database: what it shows or changes is in memory or in the journal. */
  readonly withoutDatabase?: boolean;
  /** Media types of documents, when the answer is no JSON. */
  readonly files?: readonly string[];
  readonly maxBodyBytes?: number;
  /** Customers' keys and browser-safe tokens may call it too; the handler keeps each to what is its own. */
  readonly forClients?: boolean;
  /** Other media types of the body than JSON, each with what makes the JSON of it. */
  readonly bodyReaders?: { readonly [mediaType: string]: (text: string) => unknown };
  /** Field of the answer that is shown once: null when the same change is sent again. */
  readonly secretField?: string;
}

interface RouteDefinition<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> extends RouteFacts {
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly answer: Answer;
  /** Customer that an answer belongs to; needed by the scope `answer`, and checked for each row of the scope `query`. */
  ownerOf?(answer: z.input<Answer>): string | undefined;
  handle(
    input: { readonly params: z.output<Params>; readonly query: z.output<Query>; readonly body: z.output<Body> },
    call: Call,
  ): Promise<z.input<Answer> | FileAnswer>;
}

/** Schemas of a route, for the OpenAPI document. */
export interface RouteSchemas {
  readonly params?: z.ZodType | undefined;
  readonly query?: z.ZodType | undefined;
  readonly body?: z.ZodType | undefined;
  readonly answer: z.ZodType;
}

/** A route with its types hidden behind what the framework needs. */
export interface ControlRoute extends RouteFacts {
  readonly schemas: RouteSchemas;
  /** Checks the input and gives what runs the route. Throws a Fault naming every wrong field. */
  prepare(raw: RawInput): (call: Call) => Promise<RouteAnswer>;
}

/** What came out of a handler, with the customer it belongs to. */
export interface RouteAnswer {
  readonly value: unknown;
  readonly ownerId: string | undefined;
}

/**
 * Defines one route of the control API.
 *
 * @example
 * const getCustomer = route({
 *   operationId: 'getCustomer', method: 'get', path: '/customers/{customerId}', tag: 'customers',
 *   summary: 'One customer.', roles: readers, scope: 'path',
 *   params: z.strictObject({ customerId: id('cus') }), answer: customerSchema,
 *   handle: ({ params }, { database }) => readCustomer(database, params.customerId),
 * });
 */
export function route<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(definition: RouteDefinition<Params, Query, Body, Answer>): ControlRoute {
  const { params, query, body, answer, ownerOf, handle, ...facts } = definition;
  if (facts.scope === 'answer' && ownerOf === undefined) {
    throw new Error(`${facts.operationId} does not say whose its answers are.`);
  }
  if (facts.method !== 'get' && facts.audit === undefined) {
    throw new Error(`${facts.operationId} changes something and names no action for the audit log.`);
  }
  return {
    ...facts,
    schemas: { params, query, body, answer },
    prepare(raw) {
      const input = checkInput(raw, { params, query, body });
      return async (call) => {
        const value = await handle(input, call);
        if (isFile(value)) return { value, ownerId: value.ownerId };
        return { value, ownerId: ownerOf?.(value) };
      };
    },
  };
}

/** Tells a document from a JSON answer. */
export function isFile(value: unknown): value is FileAnswer {
  return typeof value === 'object' && value !== null && 'contentType' in value && 'content' in value;
}
