import type { Completion, CompletionBlock } from '../../domain/calls/completion.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { AnswerContext } from '../contract.ts';
import { readArguments } from './read-arguments.ts';
import { writeCitation } from './read-citation.ts';
import { writeStopReason } from './stop-reason.ts';
import { writeRedacted, writeSignature } from './write-signature.ts';
import { writeUsage } from './write-usage.ts';

/** Writes a whole answer as a Messages body. */
export function encodeCompletion(completion: Completion, context: AnswerContext): JsonObject {
  const { finish, blocks } = completion;
  return {
    id: completion.id ?? context.newId('msg_'),
    type: 'message',
    role: 'assistant',
    model: completion.model ?? context.model,
    content: contentOf(blocks, context),
    stop_reason: writeStopReason(
      finish,
      blocks.map((block) => block.type),
    ),
    stop_sequence: finish.stopSequence ?? null,
    usage: writeUsage(completion.usage),
  };
}

function contentOf(blocks: readonly CompletionBlock[], context: AnswerContext): Json[] {
  const content: JsonObject[] = [];
  for (const block of blocks) {
    if (block.type === 'source') cite(content, block);
    else content.push(...writeBlock(block, context));
  }
  return content;
}

function writeBlock(
  block: Exclude<CompletionBlock, { readonly type: 'source' }>,
  context: AnswerContext,
): JsonObject[] {
  switch (block.type) {
    case 'text':
    case 'refusal':
      return writeText(block.text);
    case 'media':
      return writeText(block.transcript ?? '');
    case 'tool-call':
      return [
        {
          type: 'tool_use',
          id: block.id === '' ? context.newId('toolu_') : block.id,
          name: block.name,
          input: readArguments(block.arguments),
        },
      ];
    case 'reasoning':
      return writeReasoning(block);
  }
}

/** Clients send blocks back as they got them, and empty text blocks are then refused. */
function writeText(text: string): JsonObject[] {
  return text === '' ? [] : [{ type: 'text', text }];
}

function writeReasoning(block: Extract<CompletionBlock, { readonly type: 'reasoning' }>): JsonObject[] {
  const redacted: JsonObject[] =
    block.redacted === undefined
      ? []
      : [{ type: 'redacted_thinking', data: writeRedacted(block.redacted, block.provenance) }];
  const signature = writeSignature(block);
  if (block.text === '' && signature === '') return redacted;
  return [{ type: 'thinking', thinking: block.text, signature }, ...redacted];
}

/** A source belongs to the text before it. */
function cite(content: JsonObject[], source: Extract<CompletionBlock, { readonly type: 'source' }>): void {
  const last = content.findLastIndex((block) => block['type'] === 'text');
  const text = content[last];
  if (text === undefined) return;
  const citations = Array.isArray(text['citations']) ? text['citations'] : [];
  content[last] = { ...text, citations: [...citations, writeCitation(source)] };
}
