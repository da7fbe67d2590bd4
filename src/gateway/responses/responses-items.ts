import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { ownValue } from '../../domain/json/own-value.ts';
import { isObject } from '../../protocols/index.ts';
import type { ResponseRecord } from './responses-record.ts';

/** An input item as lists show it. */
export type ListedInputItem = JsonObject & { readonly id: string };

const prefixes: { readonly [type: string]: string } = {
  message: 'msg',
  function_call: 'fc',
  function_call_output: 'fco',
  reasoning: 'rs',
};

/** Everything a response was made from, oldest first: the turns before it, then the input of its own request. */
export function listInputItems(history: readonly ResponseRecord[]): readonly ListedInputItem[] {
  return history.flatMap(({ body, input }, index) => {
    const isLast = index === history.length - 1;
    const output = Array.isArray(body['output']) && !isLast ? body['output'] : [];
    const seed = typeof body['id'] === 'string' ? body['id'] : '';
    return [...input, ...output].flatMap((item, at) => (isObject(item) ? [listed(item, `${seed}/${at}`)] : []));
  });
}

/** Items that clients wrote have no id: they get one that stays the same, so that lists can be paged. */
function listed(item: JsonObject, seed: string): ListedInputItem {
  const type = typeof item['type'] === 'string' ? item['type'] : 'message';
  const id = typeof item['id'] === 'string' ? item['id'] : `${ownValue(prefixes, type) ?? 'item'}_${digestOf(seed)}`;
  if (type !== 'message') return { ...item, type, id };
  return { ...item, type, id, status: item['status'] ?? 'completed', content: contentParts(item) };
}

function contentParts({ role, content }: JsonObject): Json {
  if (typeof content !== 'string') return content ?? [];
  return role === 'assistant'
    ? [{ type: 'output_text', text: content, annotations: [] }]
    : [{ type: 'input_text', text: content }];
}

function digestOf(seed: string): string {
  return createHash('sha256').update(seed).digest('hex').slice(0, 32);
}
