import { Fault } from '../../domain/fault.ts';
import type { Json, JsonObject } from '../../domain/model-call.ts';
import { isObject, type JsonEdit } from '../../protocols/index.ts';
import type { Quirks } from '../quirks.ts';

/** What a chat body needs to suit a host. `dropped` are the top-level fields and pointers that had to go. */
export interface QuirkEdits {
  readonly edits: readonly JsonEdit[];
  readonly dropped: readonly string[];
}

/** A body, the quirks of its host, and what they make of it. */
interface Draft {
  readonly body: JsonObject;
  readonly quirks: Quirks;
  /** By pointer: the first quirk that touches a field decides. */
  readonly edits: Map<string, JsonEdit>;
  readonly dropped: Set<string>;
}

type QuirkRule = (draft: Draft) => Fault | undefined;

const rules: readonly QuirkRule[] = [
  refuseUncarried,
  suitToolChoice,
  suitMessages,
  suitOutputLimit,
  suitReasoning,
  dropUnsupported,
  renameFields,
];

const none: QuirkEdits = { edits: [], dropped: [] };

/** Edits that make a chat completions body acceptable to a host; a fault where that would change its meaning. */
export function quirkEdits(body: JsonObject, quirks: Quirks | undefined): QuirkEdits | Fault {
  if (quirks === undefined) return none;
  const draft: Draft = { body, quirks, edits: new Map(), dropped: new Set() };
  for (const rule of rules) {
    const fault = rule(draft);
    if (fault !== undefined) return fault;
  }
  return { edits: [...draft.edits.values()], dropped: [...draft.dropped] };
}

/** Fields whose loss would change what the client gets. */
const meaningful: { readonly [field: string]: (value: Json) => boolean } = {
  tools: (value) => Array.isArray(value) && value.length > 0,
  tool_choice: (value) => value !== 'auto' && value !== 'none',
  response_format: (value) => isObject(value) && value['type'] !== 'text',
  n: (value) => value !== 1,
  logprobs: (value) => value === true,
  modalities: (value) => Array.isArray(value) && value.some((item: Json) => item !== 'text'),
};

function refuseUncarried({ body, quirks }: Draft): Fault | undefined {
  for (const field of quirks.unsupportedFields ?? []) {
    const value = body[field];
    if (value !== undefined && value !== null && meaningful[field]?.(value)) return uncarried(field);
  }
  const format = body['response_format'];
  const type = isObject(format) ? format['type'] : undefined;
  if (quirks.jsonSchema !== undefined && type === 'json_schema') return uncarried('response_format');
  if (quirks.jsonSchema === 'unsupported' && type === 'json_object') return uncarried('response_format');
  return undefined;
}

function suitToolChoice(draft: Draft): Fault | undefined {
  const { body, quirks } = draft;
  const choice = body['tool_choice'];
  if (choice === 'required' && quirks.toolChoiceRequired !== undefined) return uncarried('tool_choice');
  if (isObject(choice) && quirks.namedToolChoice !== undefined) return uncarried('tool_choice');
  if (quirks.parallelToolCalls !== undefined) drop(draft, 'parallel_tool_calls');
  return undefined;
}

function suitMessages(draft: Draft): undefined {
  const { body, quirks } = draft;
  const messages = body['messages'];
  if (quirks.developerRole === undefined && quirks.messageName === undefined) return;
  if (!Array.isArray(messages)) return;
  for (const [index, message] of messages.entries()) {
    const pointer = `/messages/${index}`;
    if (quirks.developerRole !== undefined && message?.role === 'developer') {
      setValue(draft, `${pointer}/role`, 'system');
    }
    if (quirks.messageName !== undefined && message?.name !== undefined) drop(draft, `messages/${index}/name`);
  }
}

/** Both spellings of one limit: the known one stays, the other takes its name or, if both came, goes. */
function suitOutputLimit(draft: Draft): undefined {
  const known = draft.quirks.maxTokensField;
  if (known === undefined) return;
  const other = known === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
  if (draft.body[other] === undefined) return;
  const pointer = `/${other}`;
  const edit: JsonEdit =
    draft.body[known] === undefined ? { op: 'rename', pointer, key: known } : { op: 'remove', pointer };
  draft.edits.set(pointer, edit);
}

function suitReasoning(draft: Draft): undefined {
  const { body, quirks } = draft;
  const effort = body['reasoning_effort'];
  if (quirks.reasoningEffort === undefined || effort === undefined) return;
  const isOn = effort !== 'none' && effort !== 'disabled';
  switch (quirks.reasoningEffort) {
    case 'thinking-object':
      setIfAbsent(draft, 'thinking', { type: isOn ? 'enabled' : 'disabled' });
      break;
    case 'enable-thinking':
      setIfAbsent(draft, 'enable_thinking', isOn);
      break;
    case 'reasoning-object':
      setIfAbsent(draft, 'reasoning', { effort });
      setValue(draft, '/reasoning_effort', undefined);
      return;
    case 'unsupported':
      break;
  }
  // On or off arrives; the level does not.
  drop(draft, 'reasoning_effort');
}

function dropUnsupported(draft: Draft): undefined {
  for (const field of draft.quirks.unsupportedFields ?? []) drop(draft, field);
}

function renameFields({ body, quirks, edits }: Draft): undefined {
  for (const [field, key] of Object.entries(quirks.renamedFields ?? {})) {
    const pointer = `/${field}`;
    if (body[field] === undefined || edits.has(pointer)) continue;
    edits.set(pointer, body[key] === undefined ? { op: 'rename', pointer, key } : { op: 'remove', pointer });
  }
}

/** Sets a value, or removes the field when there is none. */
function setValue({ edits }: Draft, pointer: string, value: Json | undefined): void {
  if (edits.has(pointer)) return;
  edits.set(pointer, value === undefined ? { op: 'remove', pointer } : { op: 'set', pointer, value });
}

function setIfAbsent(draft: Draft, field: string, value: Json): void {
  if (draft.body[field] === undefined) setValue(draft, `/${field}`, value);
}

/** Takes a field out and reports it; absent or null fields have nothing to lose. */
function drop({ body, edits, dropped }: Draft, path: string): void {
  const value = path.includes('/') ? true : body[path];
  if (value === undefined || edits.has(`/${path}`)) return;
  edits.set(`/${path}`, { op: 'remove', pointer: `/${path}` });
  if (value !== null) dropped.add(`/${path}`);
}

function uncarried(field: string): Fault {
  return new Fault('unsupported_feature', {
    message: `${field}: this value cannot be carried to the host.`,
    param: `/${field}`,
  });
}
