import { Fault } from '../../domain/faults/fault.ts';
import type { Json, ModelCall, Tool } from '../../domain/calls/model-call.ts';
import { isObject } from '../../protocols/index.ts';
import type { Received } from '../received.ts';
import type { ReadRequest } from '../responses/responses-state.ts';
import type { ServerTool, ToolExecutor } from './tool-executor.ts';

/** Tools of this side that a request asks for. */
export interface AskedTools {
  readonly executor: ToolExecutor;
  readonly tools: readonly ServerTool[];
  /** Calls of models in one exchange; the last of them may not call tools of this side. */
  readonly maxRounds: number;
}

const defaultRounds = 6;
/** One to call a tool, one to answer. */
const fewestRounds = 2;
/** More would say that the model goes round in circles. */
const mostRounds = 8;

/**
 * The tools of this side that a request asks for; undefined for the many requests that ask for none, which cost one
 * search through their bytes. A fault where they cannot be had.
 */
export function askedTools(
  received: Received,
  { body, bytes, head }: ReadRequest,
  executor: ToolExecutor | undefined,
): AskedTools | Fault | undefined {
  if (executor === undefined || head.operation !== 'generate') return undefined;
  const named = executor.tools.filter(({ type }) => bytes.includes(type));
  const given = named.length === 0 ? undefined : body['tools'];
  if (!Array.isArray(given)) return undefined;
  const asked = given.flatMap((value: Json) => {
    const tool = named.find(({ type }) => asksFor(value, type));
    return tool === undefined ? [] : [{ tool, value }];
  });
  const [first] = asked;
  if (first === undefined) return undefined;
  return (
    problemOf(received, { head, given, asked }, executor) ?? {
      executor,
      tools: [...new Set(asked.map(({ tool }) => tool))],
      maxRounds: roundsOf(first.value),
    }
  );
}

/** Every dialect names a kind of tool by `type`, but for Gemini, where its name is the field. */
function asksFor(value: Json, type: string): boolean {
  return isObject(value) && (value['type'] === type || (value['type'] === undefined && isObject(value[type])));
}

function problemOf(
  { key }: Received,
  {
    head,
    given,
    asked,
  }: { head: ReadRequest['head']; given: readonly Json[]; asked: readonly { readonly tool: ServerTool }[] },
  executor: ToolExecutor,
): Fault | undefined {
  const type = asked[0]?.tool.type ?? '';
  const param = 'tools';
  if (key.endUser !== undefined || key.onlyJob !== undefined) {
    return new Fault('not_allowed', { message: `A token may not ask for the tool ${type}.`, param });
  }
  const absence = executor.absence();
  if (absence !== undefined) {
    return new Fault('unsupported_feature', { message: `The tool ${type} cannot be used here: ${absence}`, param });
  }
  if (head.features().candidates > 1) {
    return new Fault('invalid_request', { message: `The tool ${type} goes with one answer, not with several.`, param });
  }
  const taken = given.some((value) => nameOf(value) === type && !asksFor(value, type));
  if (!taken) return undefined;
  return new Fault('invalid_request', { message: `A tool of your own is called ${type}; call it otherwise.`, param });
}

function nameOf(value: Json): Json | undefined {
  if (!isObject(value)) return undefined;
  return isObject(value['function']) ? value['function']['name'] : value['name'];
}

function roundsOf(value: Json): number {
  const asked = isObject(value) ? value['max_rounds'] : undefined;
  if (typeof asked !== 'number' || !Number.isInteger(asked)) return defaultRounds;
  return Math.min(Math.max(asked, fewestRounds), mostRounds);
}

/** The call as upstreams understand it: tools of this side are functions like any other. */
export function withFunctions(call: ModelCall, tools: readonly ServerTool[]): ModelCall {
  return { ...call, tools: call.tools.flatMap((tool) => replaced(tool, tools) ?? []) };
}

function replaced(tool: Tool, tools: readonly ServerTool[]): Tool | undefined {
  if (tool.type !== 'opaque') return tool;
  const { value, at } = tool;
  const own = tools.find(({ type }) => asksFor(value, type));
  if (own === undefined) return tool;
  const { type: name, description, parameters } = own;
  return { type: 'function', name, description, parameters, ...(at !== undefined && { at }) };
}
