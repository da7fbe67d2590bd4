/**
 * Where a host's chat completions differ from OpenAI's. A closed list: a difference that only one host has stays in
 * that host's file until a second needs it. Absent means "as OpenAI does it".
 */
export interface Quirks {
  readonly streamOptions?: 'unsupported';
  readonly usagePlacement?: 'finish-chunk' | 'every-chunk';
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens';
  readonly developerRole?: 'unsupported';
  readonly toolChoiceRequired?: 'unsupported';
  readonly namedToolChoice?: 'unsupported';
  readonly parallelToolCalls?: 'unsupported';
  readonly forcedToolThinking?: 'unsupported';
  readonly jsonSchema?: 'json-object';
  readonly reasoningEffort?: 'enable-thinking';
  readonly reasoningField?: 'reasoning_content' | 'reasoning';
  readonly renamedFields?: { readonly [field: string]: string };
  readonly unsupportedFields?: readonly string[];
  readonly messageName?: 'unsupported';
}

/** One sentence per quirk: what it declares and what we do about it. Part of the generated page of hosts. */
export const quirkMeanings: { readonly [Name in keyof Required<Quirks>]: string } = {
  streamOptions:
    'Rejects `stream_options`, or has no need of it; it is left out, and usage is read where the host reports it anyway.',
  usagePlacement:
    'Streams usage on the chunk with the finish reason, or on every chunk, instead of a chunk of its own at the end.',
  maxTokensField: 'Knows the output limit under this name only; the other name is renamed.',
  developerRole: 'Does not know the role `developer`; such messages are sent as `system`.',
  toolChoiceRequired:
    'Cannot be made to call some tool (`tool_choice: "required"`); such calls are refused with a 400.',
  namedToolChoice: 'Cannot be made to call one named tool; such calls are refused with a 400.',
  parallelToolCalls: 'Rejects `parallel_tool_calls`; it is left out and reported.',
  forcedToolThinking:
    'Cannot be made to call a tool while it thinks; such calls are sent with `thinking` off, unless the client set it.',
  jsonSchema: 'Has no `response_format` of type `json_schema`: it is emulated by a forced tool.',
  reasoningEffort:
    'Knows thinking on or off only; `reasoning_effort` is sent as `enable_thinking`, the level reported.',
  reasoningField: 'Name of the field of the answer that carries the reasoning text.',
  renamedFields: 'Knows these fields under another name.',
  unsupportedFields:
    'Rejects or ignores these fields; they are left out and reported, or refused when the meaning would change.',
  messageName: 'Rejects `name` on messages; it is left out and reported.',
};
