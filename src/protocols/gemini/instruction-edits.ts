import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { JsonEdit } from '../json-splice/index.ts';
import { isObject } from '../shared/field-reader.ts';

/** Puts instructions before the parts of the client's `systemInstruction`, in whichever spelling it came. */
export function instructionEdits(body: JsonObject, instructions: string): readonly JsonEdit[] {
  const key = Object.hasOwn(body, 'system_instruction') ? 'system_instruction' : 'systemInstruction';
  const asked = body[key];
  const part = { text: instructions };
  if (isObject(asked) && Array.isArray(asked['parts']))
    return [{ op: 'prepend', pointer: `/${key}/parts`, value: part }];
  const parts = typeof asked === 'string' && asked !== '' ? [part, { text: asked }] : [part];
  return [{ op: 'set', pointer: `/${key}`, value: { parts } }];
}
