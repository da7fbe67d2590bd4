import type { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { Usage } from '../../domain/rating/usage.ts';

/** One thing to embed. */
export interface EmbeddingsInput {
  /** Absent when it is no text: an image, or tokens of some vendor's own alphabet. */
  readonly text?: string;
  /** The client's own request for it, for upstreams of the same dialect: nothing of it is lost. */
  readonly native?: JsonObject;
}

/** A request for embeddings in the common vocabulary. */
export interface EmbeddingsCall {
  readonly inputs: readonly EmbeddingsInput[];
  readonly dimensions?: number;
  /** The client wants vectors as base64 of little-endian 32-bit floats. */
  readonly base64: boolean;
  /** The client asked for one vector, not for a list with one. */
  readonly single: boolean;
}

/** Vectors, one per input and in their order. */
export interface EmbeddingsAnswer {
  readonly vectors: readonly (readonly number[])[];
  /** Absent when the upstream counts nothing. */
  readonly usage?: Usage;
}

/** What an encoder of answers must know. */
export interface EmbeddingsContext {
  readonly model: string;
  /** Told to clients whose dialect must have a figure, when the upstream gave none. */
  readonly estimatedTokens: number;
}

/** One dialect's way of asking for embeddings. */
export interface EmbeddingsDialect {
  parseCall(body: JsonObject): EmbeddingsCall | Fault;
  encodeCall(call: EmbeddingsCall, upstreamModel: string): JsonObject | Fault;
  readAnswer(body: JsonObject): EmbeddingsAnswer | Fault;
  encodeAnswer(answer: EmbeddingsAnswer, call: EmbeddingsCall, context: EmbeddingsContext): JsonObject;
}
