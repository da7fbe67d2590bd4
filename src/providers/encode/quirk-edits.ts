import { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
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
  return quirks.jsonSchema !== undefined && type === 'json_schema' ? uncarried('response_format') : undefined;
}

function suitToolChoice(draft: Draft): Fault | undefined {
  const { body, quirks } = draft;
  const choice = body['tool_choice'];
  if (choice === 'required' && quirks.toolChoiceRequired !== undefined) return uncarried('tool_choice');
  if (isObject(choice) && quirks.namedToolChoice !== undefined) return uncarried('tool_choice');
  const isForced = choice === 'required' || isObject(choice);
  if (isForced && quirks.forcedToolThinking !== undefined) switchThinkingOff(draft);
  if (quirks.parallelToolCalls !== undefined) drop(draft, 'parallel_tool_calls');
  return undefined;
}

/** What the client says of thinking in the host's own words stays: then the host decides. */
function switchThinkingOff(draft: Draft): void {
  if (draft.body['thinking'] !== undefined) return;
  set(draft, '/thinking', { type: 'disabled' });
  drop(draft, 'reasoning_effort');
}

function suitMessages(draft: Draft): undefined {
  const { body, quirks } = draft;
  const messages = body['messages'];
  if (quirks.developerRole === undefined && quirks.messageName === undefined) return;
  if (!Array.isArray(messages)) return;
  for (const [index, message] of messages.entries()) {
    const pointer = `/messages/${index}`;
    if (quirks.developerRole !== undefined && message?.role === 'developer') {
      set(draft, `${pointer}/role`, 'system');
    }
    if (quirks.messageName !== undefined && message?.name !== undefined) remove(draft, `${pointer}/name`, true);
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

/** On or off arrives; the level does not. */
function suitReasoning(draft: Draft): undefined {
  const { body, quirks } = draft;
  const effort = body['reasoning_effort'];
  if (quirks.reasoningEffort === undefined || effort === undefined) return;
  if (effort !== null && body['enable_thinking'] === undefined) set(draft, '/enable_thinking', effort !== 'none');
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

function set({ edits }: Draft, pointer: string, value: Json): void {
  if (!edits.has(pointer)) edits.set(pointer, { op: 'set', pointer, value });
}

/** Takes a field out and reports it; an absent or null one has nothing to lose. */
function drop(draft: Draft, field: string): void {
  const value = draft.body[field];
  if (value !== undefined) remove(draft, `/${field}`, value !== null);
}

function remove({ edits, dropped }: Draft, pointer: string, isLoss: boolean): void {
  if (edits.has(pointer)) return;
  edits.set(pointer, { op: 'remove', pointer });
  if (isLoss) dropped.add(pointer);
}

function uncarried(field: string): Fault {
  return new Fault('unsupported_feature', {
    message: `${field}: this value cannot be carried to the host.`,
    param: `/${field}`,
  });
}
