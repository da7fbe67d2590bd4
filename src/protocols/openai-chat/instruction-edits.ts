import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { JsonEdit } from '../json-splice/index.ts';
import { isObject } from '../shared/field-reader.ts';

/**
 * Puts instructions before those of the client: into its first message when that instructs, since some hosts take one
 * such message only.
 */
export function instructionEdits({ messages }: JsonObject, instructions: string): readonly JsonEdit[] {
  const first: unknown = Array.isArray(messages) ? messages[0] : undefined;
  const { role, content } = isObject(first) ? first : {};
  if (role === 'system' || role === 'developer') {
    const pointer = '/messages/0/content';
    if (Array.isArray(content)) return [{ op: 'prepend', pointer, value: { type: 'text', text: instructions } }];
    if (typeof content === 'string') return [{ op: 'set', pointer, value: `${instructions}\n\n${content}` }];
  }
  return [{ op: 'prepend', pointer: '/messages', value: { role: 'system', content: instructions } }];
}
