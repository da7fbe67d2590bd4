import type { Completion } from '../../domain/calls/completion.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { readUsage } from './read-usage.ts';
import { numberOf, objectOf, textOf } from './values.ts';

/**
 * Reads the usual whole answer, one choice of nothing but text, in one go: by parts it takes ten times as long, on most
 * requests for nothing. Undefined when the answer holds, or may hold, anything else: then it is read by parts.
 */
export function readPlainAnswer(body: JsonObject): Completion | undefined {
  const choice = onlyChoice(body);
  const text = choice && plainText(choice);
  const usage = objectOf(body['usage']);
  if (!choice || text === undefined || !usage || hasSources(body)) return undefined;
  const word = choice['finish_reason'];
  if (word !== 'stop' && word !== 'length') return undefined;
  const created = numberOf(body['created']);
  return {
    id: textOf(body['id']),
    model: textOf(body['model']),
    createdAtS: created !== undefined && created > 0 ? created : undefined,
    blocks: [{ type: 'text', text }],
    finish: { reason: word, rawReason: undefined, stopSequence: undefined },
    usage: readUsage(usage, textOf(body['service_tier'])),
  };
}

function onlyChoice({ choices }: JsonObject): JsonObject | undefined {
  const choice = Array.isArray(choices) && choices.length === 1 ? objectOf(choices[0]) : undefined;
  const isUsual = choice && (choice['index'] ?? 0) === 0 && choice['delta'] === undefined && !('error' in choice);
  return isUsual ? choice : undefined;
}

/** The text of a message that has nothing beside it; what a message lacks, hosts send as null or as an empty list. */
function plainText(choice: JsonObject): string | undefined {
  const message = objectOf(choice['message']);
  if (!message) return undefined;
  for (const key in message) {
    const value = message[key];
    const isAbsent = value === null || (Array.isArray(value) && value.length === 0);
    if (key !== 'role' && key !== 'content' && !isAbsent) return undefined;
  }
  return textOf(message['content']);
}

function hasSources(body: JsonObject): boolean {
  return body['citations'] !== undefined || body['search_results'] !== undefined;
}
