import type { Completion } from '../../domain/calls/completion.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { collectCompletion } from '../shared/collect-completion.ts';
import { isObject } from '../shared/field-reader.ts';
import { readFailure } from './read-failure.ts';
import { ResponsesReader } from './responses-reader.ts';

/** Reads a whole answer exactly as the end of a stream that showed nothing before it. */
export function decodeCompletion(body: JsonObject): Completion | Fault {
  if (!Array.isArray(body['output'])) {
    if (isObject(body['error'])) return readFailure(body['error']);
    return new Fault('upstream_malformed', { message: 'The upstream answered with something that is no response.' });
  }
  return collectCompletion(new ResponsesReader().readEvent('response.completed', { response: body }).parts);
}
