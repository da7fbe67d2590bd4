import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { JsonEdit } from '../json-splice/json-edit.ts';

/**
 * What a request must lose before a host of its own dialect sees it: proofs of reasoning that another dialect's
 * provider issued and that a conversation brings along when it moves. Such a host would refuse the whole request.
 */
export interface ForeignProofs {
  readonly edits: readonly JsonEdit[];
  /** Pointers of what is taken out. */
  readonly dropped: readonly string[];
  /** Pointers of what the host demands instead. */
  readonly added: readonly string[];
}

/** Looks for foreign proofs in one dialect's requests. */
export interface ForeignProofFinder {
  /** Text without which a request cannot hold any: most requests are ruled out by a search of their bytes. */
  readonly marks: readonly string[];
  find(body: JsonObject, upstreamModel: string): ForeignProofs;
}

/** Proofs that are simply left out. */
export function leftOut(pointers: readonly string[]): ForeignProofs {
  return { edits: pointers.map((pointer) => ({ op: 'remove', pointer })), dropped: pointers, added: [] };
}

/** A list's entries with their pointers; nothing for what is no list. */
export function entriesAt(list: Json | undefined, pointer: string): [Json, string][] {
  return Array.isArray(list) ? list.map((item: Json, index) => [item, `${pointer}/${index}`]) : [];
}
