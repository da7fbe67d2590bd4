import type { Completion } from '../../domain/calls/completion.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { CompletionCollector } from '../shared/collect-completion.ts';
import { ChunkReader } from './chunk-reader.ts';
import { holdsError, readError } from './read-error.ts';
import { readPlainAnswer } from './read-plain-answer.ts';
import { objectsOf } from './values.ts';

/** Reads a whole answer: plain text directly, everything else by parts. */
export function decodeCompletion(body: JsonObject): Completion | Fault {
  if (holdsError(body)) return readError(body);
  if (objectsOf(body['choices']).length === 0) {
    return new Fault('upstream_malformed', { message: 'The upstream answered without choices.' });
  }
  return readPlainAnswer(body) ?? readByParts(body);
}

/** Reads a whole answer by the same rules as a stream: it is one chunk that holds everything. */
export function readByParts(body: JsonObject): Completion | Fault {
  const reader = new ChunkReader();
  const collector = new CompletionCollector();
  for (const part of reader.readChunk(body, true).parts) collector.push(part);
  for (const part of reader.end()) collector.push(part);
  const completion = collector.completion();
  // A whole body is complete even if the host forgot to say why it ended.
  return Fault.is(completion) && completion.code === 'truncated' ? collector.partial() : completion;
}
