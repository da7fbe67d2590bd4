import type { Completion, CompletionBlock } from '../../domain/calls/completion.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { anthropicDialect } from './dialect-name.ts';
import { readCitation } from './read-citation.ts';
import { readAnthropicError } from './read-error.ts';
import { readAnthropicUsage } from './read-usage.ts';
import { readStopReason } from './stop-reason.ts';
import { stringifyExact } from '../shared/exact-json.ts';

/** Reads a whole Messages answer. Blocks of server-side tools have no word in the common vocabulary and stay out. */
export function decodeCompletion(body: JsonObject): Completion | Fault {
  if (body['type'] === 'error') return readAnthropicError(body);
  const { id, model, content, stop_reason: reason } = body;
  if (!Array.isArray(content)) {
    return new Fault('upstream_malformed', { detail: 'answer without content' });
  }
  const usage = readAnthropicUsage(body['usage']);
  return {
    ...(typeof id === 'string' && { id }),
    ...(typeof model === 'string' && { model }),
    blocks: content.flatMap(blocksOf),
    finish: typeof reason === 'string' ? readStopReason(reason, body['stop_sequence']) : { reason: 'other' },
    ...(usage !== undefined && { usage }),
  };
}

function blocksOf(block: Json): CompletionBlock[] {
  if (!isObject(block)) return [];
  switch (block['type']) {
    case 'text':
      return [{ type: 'text', text: textOf(block, 'text') }, ...sourcesOf(block['citations'])];
    case 'thinking':
      return [thinkingOf(block)];
    case 'redacted_thinking':
      return [{ type: 'reasoning', text: '', redacted: textOf(block, 'data'), provenance: anthropicDialect }];
    case 'tool_use':
      return [
        {
          type: 'tool-call',
          id: textOf(block, 'id'),
          name: textOf(block, 'name'),
          arguments: stringifyExact(block['input'] ?? {}),
        },
      ];
    default:
      return [];
  }
}

function thinkingOf(block: JsonObject): CompletionBlock {
  const signature = textOf(block, 'signature');
  return {
    type: 'reasoning',
    text: textOf(block, 'thinking'),
    ...(signature !== '' && { signature, provenance: anthropicDialect }),
  };
}

function sourcesOf(citations: Json | undefined): CompletionBlock[] {
  if (!Array.isArray(citations)) return [];
  return citations.flatMap((citation): CompletionBlock[] => {
    const source = readCitation(citation);
    return source === undefined ? [] : [{ type: 'source', ...source }];
  });
}

function textOf(block: JsonObject, key: string): string {
  const value = block[key];
  return typeof value === 'string' ? value : '';
}
