import type { Completion, CompletionBlock } from '../../domain/calls/completion.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { AnswerContext } from '../contract.ts';
import { encodeUsage } from './encode-usage.ts';
import { asksForFunctions, finishWord } from './finish-reasons.ts';
import { isSigned, writeCallSignature, writeReasoningDetails } from './reasoning-fields.ts';
import { compact } from './values.ts';
import { citation, imagePart } from './write-media.ts';

type BlockOf<Type extends CompletionBlock['type']> = Extract<CompletionBlock, { readonly type: Type }>;

/** Writes a whole answer as a `chat.completion`. */
export function encodeCompletion(completion: Completion, context: AnswerContext): JsonObject {
  return compact({
    id: completion.id ?? context.newId('chatcmpl-'),
    object: 'chat.completion',
    created: completion.createdAtS ?? context.createdAtS,
    model: completion.model ?? context.model,
    choices: [
      {
        index: 0,
        message: encodeMessage(completion.blocks, context),
        logprobs: null,
        finish_reason: finishWord(completion.finish, asksForFunctions(context.request)),
      },
    ],
    usage: completion.usage && encodeUsage(completion.usage),
    service_tier: completion.usage?.servedTier,
  });
}

function encodeMessage(blocks: readonly CompletionBlock[], context: AnswerContext): JsonObject {
  const calls = pick(blocks, 'tool-call').map(encodeCall);
  const reasoning = pick(blocks, 'reasoning');
  const signed = reasoning.flatMap((block, index) => (isSigned(block) ? writeReasoningDetails(block, index) : []));
  const media = pick(blocks, 'media');
  const audio = media.find((block) => block.mediaType.startsWith('audio/'));
  const images = media.filter((block) => !block.mediaType.startsWith('audio/')).map(imagePart);
  const sources = pick(blocks, 'source').map(citation);
  return compact({
    role: 'assistant',
    content: joined(pick(blocks, 'text')) ?? null,
    refusal: joined(pick(blocks, 'refusal')) ?? null,
    reasoning_content: joined(reasoning),
    reasoning_details: some(signed),
    ...(asksForFunctions(context.request) ? { function_call: calls[0]?.['function'] } : { tool_calls: some(calls) }),
    annotations: some(sources),
    images: some(images),
    audio: audio && encodeAudio(audio, context),
  });
}

function pick<Type extends CompletionBlock['type']>(blocks: readonly CompletionBlock[], type: Type): BlockOf<Type>[] {
  return blocks.filter((block): block is BlockOf<Type> => block.type === type);
}

function joined(blocks: readonly { readonly text: string }[]): string | undefined {
  return blocks.length === 0 ? undefined : blocks.map((block) => block.text).join('');
}

function some<Item>(items: readonly Item[]): readonly Item[] | undefined {
  return items.length === 0 ? undefined : items;
}

function encodeCall(call: BlockOf<'tool-call'>): JsonObject {
  const { id, name, signature } = call;
  return compact({
    id,
    type: 'function',
    function: { name, arguments: call.arguments },
    extra_content: signature === undefined ? undefined : writeCallSignature(signature),
  });
}

function encodeAudio(block: BlockOf<'media'>, context: AnswerContext): JsonObject {
  return {
    id: context.newId('audio_'),
    data: block.base64,
    expires_at: context.createdAtS,
    transcript: block.transcript ?? '',
  };
}
