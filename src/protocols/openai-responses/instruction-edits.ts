import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { JsonEdit } from '../json-splice/index.ts';

/**
 * Puts instructions before the input as a developer's message. Not into `instructions`: answers of the dialect repeat
 * that field, and what the operator says to the model is no business of the client.
 */
export function instructionEdits({ input }: JsonObject, instructions: string): readonly JsonEdit[] {
  const message = { role: 'developer', content: instructions };
  if (Array.isArray(input)) return [{ op: 'prepend', pointer: '/input', value: message }];
  const asked = typeof input === 'string' ? [{ role: 'user', content: input }] : [];
  return [{ op: 'set', pointer: '/input', value: [message, ...asked] }];
}
