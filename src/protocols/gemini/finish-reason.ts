import type { FinishReason } from '../../domain/calls/stream-part.ts';

const filtered = [
  'SAFETY',
  'RECITATION',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
  'MODEL_ARMOR',
  'JAILBREAK',
];

const others = [
  'OTHER',
  'LANGUAGE',
  'MALFORMED_FUNCTION_CALL',
  'MALFORMED_RESPONSE',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MISSING_THOUGHT_SIGNATURE',
  'NO_IMAGE',
  'IMAGE_OTHER',
];

/** Reads Gemini's word for the end. It says STOP for tool calls too, so that the caller tells whether there were any. */
export function readFinishReason(word: string, hasToolCalls: boolean): FinishReason {
  if (word === 'STOP') return hasToolCalls ? 'tool-calls' : 'stop';
  if (word === 'MAX_TOKENS') return 'length';
  if (word === 'CONTINUATION') return 'pause';
  return filtered.includes(word) ? 'content-filter' : 'other';
}

/** Gemini's word for a finish reason; the upstream's own word is kept where it is one of Gemini's. */
export function writeFinishReason(reason: FinishReason, rawReason?: string): string {
  switch (reason) {
    case 'stop':
    case 'stop-sequence':
    case 'tool-calls':
      return 'STOP';
    case 'length':
      return 'MAX_TOKENS';
    case 'content-filter':
    case 'refusal':
      return rawReason !== undefined && filtered.includes(rawReason) ? rawReason : 'SAFETY';
    case 'pause':
    case 'other':
      return rawReason !== undefined && others.includes(rawReason) ? rawReason : 'OTHER';
  }
}
