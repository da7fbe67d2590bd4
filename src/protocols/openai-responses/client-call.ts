import type { JsonObject } from '../../domain/calls/model-call.ts';

/** A call that the client has to answer, whichever item type it comes as. */
export interface ClientCall {
  readonly id: string;
  readonly name: string;
  /** Arguments as far as the item states them. */
  readonly arguments: string;
}

/** Items besides functions by which the model asks the client to do something. */
const clientItems: ReadonlySet<string> = new Set([
  'apply_patch_call',
  'computer_call',
  'local_shell_call',
  'mcp_approval_request',
  'shell_call',
]);

const envelopeFields = new Set(['type', 'id', 'call_id', 'status']);

/**
 * Reads an item as a tool call: functions as they are, free-form tools with their text as `input`, the client's side
 * of built-in tools by its type. Undefined for items that are no call, or one the host executes itself.
 */
export function readClientCall(item: JsonObject, fallbackId: string): ClientCall | undefined {
  const type = textOf(item['type']) ?? '';
  const id = textOf(item['call_id']) ?? textOf(item['id']) ?? fallbackId;
  if (type === 'function_call') {
    return { id, name: textOf(item['name']) ?? '', arguments: textOf(item['arguments']) ?? '' };
  }
  if (type === 'custom_tool_call') {
    const input = textOf(item['input']) ?? '';
    return { id, name: textOf(item['name']) ?? '', arguments: input === '' ? '' : JSON.stringify({ input }) };
  }
  const forClient = clientItems.has(type) || (type === 'tool_search_call' && item['execution'] === 'client');
  if (!forClient) return undefined;
  const payload = Object.entries(item).filter(([key]) => !envelopeFields.has(key));
  return { id, name: type.replace(/_call$/, ''), arguments: JSON.stringify(Object.fromEntries(payload)) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
