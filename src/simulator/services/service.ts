import type { IncomingHttpHeaders } from 'node:http';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';

/** A request to one of the side routes. */
export interface ServiceCall {
  readonly method: string;
  readonly path: string;
  /** Rest of the path behind the name of the service. */
  readonly tail: string;
  readonly model: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: JsonObject;
  readonly bodyBytes: Buffer;
  readonly createdS: number;
  readonly sequence: string;
}

/** Its answer: JSON, or bytes with their type. */
export interface ServiceAnswer {
  readonly status: number;
  readonly json?: Json;
  readonly bytes?: Buffer;
  readonly contentType?: string;
}

/** A good answer in JSON. */
export function okJson(json: Json): ServiceAnswer {
  return { status: 200, json };
}

/** The 404 of an OpenAI object route. */
export function notFound(message: string): ServiceAnswer {
  return { status: 404, json: { error: { message, type: 'invalid_request_error', param: 'id', code: null } } };
}
