import type { JsonObject, Message } from '../../domain/calls/model-call.ts';
import { encodeContent, type Turn } from './encode-content.ts';
import type { EncodeContext } from './encode-context.ts';

interface OpenTurn {
  readonly role: Turn | 'system';
  content: JsonObject[];
}

/** Writes the turns: same roles merged, and in a user turn the results of tools before everything else. */
export function encodeMessages(context: EncodeContext): JsonObject[] {
  const turns: OpenTurn[] = [];
  for (const message of context.call.messages) {
    const role = turnOf(message, context);
    if (role === undefined) continue;
    const content = encodeContent(message.content, role === 'assistant' ? role : 'user', context);
    if (content.length === 0) continue;
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else turns.push({ role, content });
  }
  for (const turn of turns) if (turn.role === 'user') turn.content = resultsFirst(turn.content);
  preparePrefill(turns, context);
  if (turns.length === 0) context.refuse('/messages', 'the upstream needs a message besides the system prompt');
  return turns.map(({ role, content }) => ({ role, content }));
}

/** Writes system and developer messages, in order of appearance, as the system prompt. */
export function encodeSystem(context: EncodeContext): JsonObject {
  const system = context.call.messages.filter((message) => turnOf(message, context) === undefined);
  const blocks = encodeContent(
    system.flatMap((message) => message.content),
    'user',
    context,
  );
  const [only] = blocks;
  if (only === undefined) return {};
  const plain = blocks.length === 1 && only['cache_control'] === undefined ? only['text'] : undefined;
  return { system: plain ?? blocks };
}

/** Does the conversation end in a tool loop whose last answer has no thinking to start with? */
export function hasUnprovenToolLoop(messages: readonly JsonObject[]): boolean {
  const [answer, results] = messages.slice(-2);
  if (answer?.['role'] !== 'assistant' || !typesOf(results).includes('tool_result')) return false;
  const first = typesOf(answer)[0];
  return first !== 'thinking' && first !== 'redacted_thinking';
}

function typesOf(message: JsonObject | undefined): unknown[] {
  const content = message?.['content'];
  return Array.isArray(content) ? content.map((block: JsonObject) => block['type']) : [];
}

/** Whose turn it is; undefined for what belongs into the system prompt. */
function turnOf(message: Message, context: EncodeContext): OpenTurn['role'] | undefined {
  switch (message.role) {
    case 'user':
    case 'tool':
      return 'user';
    case 'assistant':
      return 'assistant';
    default:
      // A client of this dialect may put instructions between the turns, if its model knows them there.
      return context.native && message.content[0]?.at?.startsWith('/messages/') ? 'system' : undefined;
  }
}

function resultsFirst(content: readonly JsonObject[]): JsonObject[] {
  const isResult = (block: JsonObject): boolean => block['type'] === 'tool_result';
  return [...content.filter(isResult), ...content.filter((block) => !isResult(block))];
}

/** An assistant turn at the end is a prefix to continue; trailing whitespace in it is refused. */
function preparePrefill(turns: OpenTurn[], context: EncodeContext): void {
  const last = turns.at(-1);
  if (last?.role !== 'assistant') return;
  if (!context.options.assistantPrefill) {
    context.refuse('/messages', 'the upstream cannot continue an assistant message');
    return;
  }
  const block = last.content.at(-1);
  if (typeof block?.['text'] !== 'string' || block['type'] !== 'text') return;
  const text = block['text'].trimEnd();
  last.content.pop();
  if (text !== '') last.content.push({ ...block, text });
  else if (last.content.length === 0) turns.pop();
}
