import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { JsonEdit } from '../json-splice/index.ts';

/** Puts instructions before the client's `system`, be it text or blocks; marks of the prompt cache stay where they are. */
export function instructionEdits({ system }: JsonObject, instructions: string): readonly JsonEdit[] {
  const pointer = '/system';
  if (Array.isArray(system)) return [{ op: 'prepend', pointer, value: { type: 'text', text: instructions } }];
  const asked = typeof system === 'string' && system !== '' ? `\n\n${system}` : '';
  return [{ op: 'set', pointer, value: instructions + asked }];
}
