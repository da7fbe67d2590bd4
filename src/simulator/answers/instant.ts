import type { IncomingMessage, ServerResponse } from 'node:http';
import { composeAnswer } from './compose-answer.ts';
import { isFailure } from '../dialects/dialect.ts';
import { dialects } from '../dialects/index.ts';
import { deliver } from './delivery.ts';
import { awsEventStreamFraming, sseFraming } from './framing.ts';
import type { Step } from '../scripts/plan.ts';
import { planBody, planStream } from '../scripts/plan.ts';
import { noCache } from './prefix-cache.ts';
import type { SimulatedDialectId } from './prompt.ts';
import { matchRoute } from '../routes.ts';
import type { Script } from '../scripts/script.ts';
import type { SimulatorState } from '../simulator-state.ts';

interface PreparedAnswer {
  readonly headers: readonly string[];
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly steps: readonly Step[];
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

/**
 * Answers from bytes made once at start: measures whatever stands before it, not itself. A script with `delay` or `gap`
 * streams the same bytes at that pace.
 */
export function createInstantHandler(
  state: SimulatorState,
): (request: IncomingMessage, response: ServerResponse) => void {
  const script = { ...defaultScript, ...state.defaultScript };
  const isPaced = script.delay !== undefined || script.gap !== undefined;
  const prepared = prepareAll(script);
  return (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const route = matchRoute(path);
    let isStream = route?.kind === 'generate' && route.stream === true;
    request.on('data', (chunk: Buffer) => {
      isStream ||= chunk.includes('"stream":true') || chunk.includes('"stream": true');
    });
    request.on('end', () => {
      const answer = route?.kind === 'generate' ? prepared.get(keyOf(route.dialect, isStream)) : undefined;
      if (answer === undefined) response.writeHead(404).end();
      else if (isPaced) deliverPaced(state, { response, path, script, answer });
      else response.writeHead(200, answer.headers as string[]).end(answer.bytes);
    });
  };
}

interface PacedReply {
  readonly response: ServerResponse;
  readonly path: string;
  readonly script: Script;
  readonly answer: PreparedAnswer;
}

function deliverPaced(state: SimulatorState, paced: PacedReply): void {
  const { response, path, script, answer } = paced;
  const record = state.counters.open({ method: 'POST', path, headers: {} });
  const headers = { 'content-type': answer.contentType };
  const { counters, clock } = state;
  deliver({ response, record, counters, clock, script, status: 200, headers, steps: answer.steps });
}

function prepareAll(script: Script): ReadonlyMap<string, PreparedAnswer> {
  const prepared = new Map<string, PreparedAnswer>();
  for (const id of Object.keys(requestOf) as SimulatedDialectId[]) {
    for (const isStream of [true, false]) prepared.set(keyOf(id, isStream), prepare(id, isStream, script));
  }
  return prepared;
}

function keyOf(dialect: SimulatedDialectId, isStream: boolean): string {
  return `${dialect}|${isStream}`;
}

function prepare(dialectId: SimulatedDialectId, isStream: boolean, script: Script): PreparedAnswer {
  const dialect = dialects[dialectId];
  const body = requestOf[dialectId] as { [name: string]: string };
  const prompt = dialect.readPrompt({
    model: 'instant',
    stream: true,
    body,
    script: {},
    label: 'instant',
    earlier: [],
  });
  if (isFailure(prompt)) throw new Error(`the prepared ${dialectId} request is refused: ${prompt.message}`);
  const answer = composeAnswer(prompt, script, { sequence: 'instant', createdS: 0, cache: noCache, sign: () => '' });
  const context = { answer, prompt, script };
  const framing = dialectId === 'bedrock-converse' ? awsEventStreamFraming() : sseFraming(script);
  const steps = isStream
    ? planStream({ frames: dialect.frames(context), framing, script, errorFrames: () => [] })
    : planBody(Buffer.from(JSON.stringify(dialect.completion(context))), script);
  const bytes = Buffer.concat(steps.map((step) => (step.type === 'write' ? step.bytes : Buffer.alloc(0))));
  const contentType = isStream ? framing.contentType : 'application/json';
  return { headers: ['content-type', contentType, 'content-length', String(bytes.length)], bytes, contentType, steps };
}
