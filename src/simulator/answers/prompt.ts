import type { Json, JsonObject } from '../../domain/calls/model-call.ts';

/** Wire dialects of the simulator; equal to the dialects of the gateway, but its own, so that tests share no code. */
export type SimulatedDialectId =
  | 'openai-chat'
  | 'openai-responses'
  | 'anthropic-messages'
  | 'gemini'
  | 'bedrock-converse'
  | 'openai-completions';

/** One turn of a conversation, flattened to what the simulator looks at. */
export interface PromptTurn {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly text: string;
  /** Carries an explicit prompt-cache mark. */
  readonly cacheMark?: '5m' | '1h';
}

/** A tool the model may call. */
export interface PromptTool {
  readonly name: string;
  readonly schema: Json | undefined;
}

/** What the simulator understands of a request, whatever its dialect. */
export interface Prompt {
  readonly dialect: SimulatedDialectId;
  readonly model: string;
  readonly stream: boolean;
  readonly turns: readonly PromptTurn[];
  readonly tools: readonly PromptTool[];
  readonly toolChoice: { readonly mode: 'auto' | 'none' | 'any'; readonly name?: string };
  readonly schema: Json | undefined;
  readonly jsonMode: boolean;
  readonly maxTokens: number | undefined;
  readonly reasoning: boolean;
  /** The dialect caches only what is marked, instead of every prefix. */
  readonly cacheByMark: boolean;
  /** The dialect continues an assistant message in last place. */
  readonly continuesPrefill: boolean;
  readonly body: JsonObject;
}

/** Text of the last user turn. */
export function lastUserText(prompt: Prompt): string {
  return prompt.turns.findLast((turn) => turn.role === 'user')?.text ?? '';
}

/** The assistant text in last place that the client wants continued. */
export function prefillOf(prompt: Prompt): string | undefined {
  const last = prompt.turns.at(-1);
  return last?.role === 'assistant' ? last.text : undefined;
}

/** Joins the text of content given as string or list of parts; parts without text count by their JSON. */
export function flattenContent(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return content === undefined || content === null ? '' : JSON.stringify(content);
  return content.map(flattenPart).join('');
}

/** The strongest prompt-cache mark anywhere in a value. */
export function cacheMarkOf(value: unknown): { readonly cacheMark?: '5m' | '1h' } {
  const text = JSON.stringify(value) ?? '';
  if (!text.includes('"cache_control"') && !text.includes('"cachePoint"')) return {};
  return { cacheMark: text.includes('"ttl":"1h"') ? '1h' : '5m' };
}

function flattenPart(part: unknown): string {
  if (typeof part === 'string') return part;
  if (typeof part !== 'object' || part === null) return '';
  const record = part as Record<string, unknown>;
  if (typeof record['text'] === 'string') return record['text'];
  const { cache_control: _mark, cachePoint: _point, ...rest } = record;
  return Object.keys(rest).length === 0 ? '' : JSON.stringify(rest);
}
