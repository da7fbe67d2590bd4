import type { IncomingMessage, ServerResponse } from 'node:http';
import { composeAnswer } from './compose-answer.ts';
import { isFailure } from './dialects/dialect.ts';
import { dialects } from './dialects/index.ts';
import { sseFraming } from './framing.ts';
import { noCache } from './prefix-cache.ts';
import type { SimulatedDialectId } from './prompt.ts';
import { matchRoute } from './routes.ts';
import type { Script } from './script.ts';

interface PreparedAnswer {
  readonly headers: readonly string[];
  readonly bytes: Buffer;
}

const requestOf: { readonly [dialect in SimulatedDialectId]: object } = {
  'openai-chat': { messages: [{ role: 'user', content: 'hi' }], stream_options: { include_usage: true } },
  'openai-responses': { input: 'hi' },
  'openai-completions': { prompt: 'hi' },
  'anthropic-messages': { messages: [{ role: 'user', content: 'hi' }], max_tokens: 1000 },
  gemini: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
  'bedrock-converse': { messages: [{ role: 'user', content: [{ text: 'hi' }] }] },
};
const defaultScript: Script = { chunks: 20 };

/** Answers from bytes made once at start: measures whatever stands before it, not itself. */
export function createInstantHandler(script: Script): (request: IncomingMessage, response: ServerResponse) => void {
  const prepared = new Map<string, PreparedAnswer>();
  const answerOf = (dialect: SimulatedDialectId, isStream: boolean): PreparedAnswer => {
    const key = `${dialect}|${isStream}`;
    const known = prepared.get(key);
    if (known !== undefined) return known;
    const made = prepare(dialect, isStream, { ...defaultScript, ...script });
    prepared.set(key, made);
    return made;
  };
  const send = (response: ServerResponse, answer: PreparedAnswer): void => {
    response.writeHead(200, answer.headers as string[]);
    response.end(answer.bytes);
  };
  return (request, response) => {
    const route = matchRoute((request.url ?? '').split('?', 1)[0] ?? '');
    let isStream = route?.kind === 'generate' && route.stream === true;
    request.on('data', (chunk: Buffer) => {
      isStream ||= chunk.includes('"stream":true') || chunk.includes('"stream": true');
    });
    request.on('end', () => {
      if (route?.kind !== 'generate') return void response.writeHead(404).end();
      send(response, answerOf(route.dialect, isStream));
    });
  };
}

function prepare(dialectId: SimulatedDialectId, isStream: boolean, script: Script): PreparedAnswer {
  const dialect = dialects[dialectId];
  const body = requestOf[dialectId] as { [name: string]: string };
  const input = { model: 'instant', stream: isStream, body, script: {}, label: 'instant', earlier: [] };
  const prompt = dialect.readPrompt({ ...input, stream: true });
  if (isFailure(prompt)) throw new Error(`the prepared ${dialectId} request is refused: ${prompt.message}`);
  const answer = composeAnswer(prompt, script, { sequence: 'instant', createdS: 0, cache: noCache, sign: () => '' });
  const context = { answer, prompt, script };
  const framing = sseFraming(script);
  const parts = dialect
    .frames(context)
    .map((frame, at) => framing.encode(frame, { isFirst: at === 0, isLast: false, isDamaged: false }));
  const bytes = isStream ? Buffer.concat(parts) : Buffer.from(JSON.stringify(dialect.completion(context)));
  const type = isStream ? framing.contentType : 'application/json';
  return { headers: ['content-type', type, 'content-length', String(bytes.length)], bytes };
}
