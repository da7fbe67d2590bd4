import { createHash } from 'node:crypto';
import type { Host } from '../../domain/calls/endpoint.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { isObject, type StoredResponse } from '../../protocols/index.ts';
import type { Owner } from '../../storage/index.ts';
import type { Key } from '../../tenants/index.ts';

/** What is kept of one answered Responses request. */
export interface ResponseRecord {
  readonly version: 1;
  /** The turn this one continued. */
  readonly previousResponseId?: string;
  /** Items of this request alone. */
  readonly input: readonly Json[];
  /** The whole response as the client got it. */
  readonly body: JsonObject;
  /** Address and credentials that issued the response, when the client got the upstream's own bytes. */
  readonly issuer?: string;
  /** Version of the prompt that stands before the conversation, as far as the issuer remembers it. */
  readonly prompt?: string;
  /** The issuer itself remembers the response under its id. */
  readonly isKeptByIssuer: boolean;
}

/** Whose records a key reads and writes. */
export function ownerOf({ customer, name }: Key): Owner {
  return { customer, key: name };
}

/**
 * Stands for an account at a host: its address and credentials, digested. Ids and encrypted reasoning mean something
 * only there.
 */
export function issuerOf({ baseUrl, auth }: Host): string {
  return createHash('sha256')
    .update(JSON.stringify([baseUrl, auth]))
    .digest('base64url');
}

/** The record as a turn of a conversation. */
export function toTurn({ previousResponseId, input, body }: ResponseRecord): StoredResponse {
  const { id, model, created_at: createdAtS, output } = body;
  return {
    id: typeof id === 'string' ? id : '',
    model: typeof model === 'string' ? model : '',
    createdAtS: typeof createdAtS === 'number' ? createdAtS : 0,
    ...(previousResponseId !== undefined && { previousResponseId }),
    input,
    output: Array.isArray(output) ? output : [],
  };
}

/** Reads a record back; undefined for what is none. */
export function parseRecord(text: string): ResponseRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value) || value['version'] !== 1 || !isObject(value['body'])) return undefined;
    return value as unknown as ResponseRecord;
  } catch {
    // Cut by a loss of power: as good as never written.
    return undefined;
  }
}
