import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { Frame } from './answer.ts';
import { checkPrompt, checkRequest } from '../check-request.ts';
import { composeAnswer, countPrompt } from './compose-answer.ts';
import type { AnswerContext, SimulatedDialect } from '../dialects/dialect.ts';
import { isFailure } from '../dialects/dialect.ts';
import { dialects } from '../dialects/index.ts';
import type { SimulatedExchange } from '../exchange.ts';
import { reply, replyJson } from '../exchange.ts';
import type { Failure } from '../scripts/failure.ts';
import { failureNamed, invalidRequest } from '../scripts/failure.ts';
import type { Framing } from './framing.ts';
import { awsEventStreamFraming, jsonArrayFraming, sseFraming } from './framing.ts';
import { asObject, asText } from '../json.ts';
import { planStream } from '../scripts/plan.ts';
import { noCache } from './prefix-cache.ts';
import type { Prompt, PromptTurn } from './prompt.ts';
import { replyFailure } from './reply-failure.ts';
import type { Route } from '../routes.ts';
import type { Script } from '../scripts/script.ts';
import { signatureOf } from './signature.ts';

/** A request for an answer or a token count, its script resolved. */
export interface GenerateCall {
  readonly route: Route & { readonly kind: 'generate' | 'count-tokens' };
  readonly model: string;
  readonly script: Script;
}

/** Answers a request for a completion, a stream or a token count. */
export function handleGenerate(exchange: SimulatedExchange, call: GenerateCall): void {
  const { route, model, script } = call;
  const dialect = dialects[route.dialect];
  const fail = (failure: Failure): void => replyFailure(exchange, failure, { dialect, script });
  const refused = checkRequest(exchange, { dialect, script, model });
  if (refused !== undefined) return fail(refused);
  const prompt = readPrompt(exchange, call, dialect);
  if (isFailure(prompt)) return fail(prompt);
  const unwilling = checkPrompt(prompt, script);
  if (unwilling !== undefined) return fail(unwilling);
  if (route.kind === 'count-tokens') return replyCount(exchange, prompt, script);
  if (!prompt.stream && script.error !== undefined) return fail(failureNamed(script.errorCode ?? '503'));
  const context = answerContext(exchange, prompt, script);
  remember(exchange, context, dialect);
  if (!prompt.stream) return replyJson(exchange, script, { status: 200, json: dialect.completion(context) });
  replyStream(exchange, context, dialect);
}

function readPrompt(exchange: SimulatedExchange, call: GenerateCall, dialect: SimulatedDialect): Prompt | Failure {
  const { body, state } = exchange;
  const earlier = earlierTurns(exchange, call);
  if (earlier === undefined) {
    const id = asText(body['previous_response_id']);
    return invalidRequest(`Previous response with id '${id}' not found.`, 'previous_response_id');
  }
  const isCounting = call.route.kind === 'count-tokens';
  return dialect.readPrompt({
    model: call.model,
    stream: call.route.stream ?? body['stream'] === true,
    body: isCounting ? countedBody(exchange, call) : body,
    script: call.script,
    label: state.label(),
    earlier,
  });
}

/** Counting needs no output limit, and Gemini wraps the request it counts. */
function countedBody(exchange: SimulatedExchange, call: GenerateCall): Prompt['body'] {
  const { body } = exchange;
  if (call.route.dialect === 'gemini') return { ...body, ...asObject(body['generateContentRequest']) };
  return { max_tokens: 1, ...body };
}

function earlierTurns(exchange: SimulatedExchange, call: GenerateCall): readonly PromptTurn[] | undefined {
  const id = exchange.body['previous_response_id'];
  if (call.route.dialect !== 'openai-responses' || typeof id !== 'string') return [];
  return exchange.state.responses.get(id)?.turns;
}

function answerContext(exchange: SimulatedExchange, prompt: Prompt, script: Script): AnswerContext {
  const { state } = exchange;
  const isCaching = script.cache !== undefined || state.options.prefixCache === true;
  const cache = isCaching ? state.cache.visit(script.cache ?? state.label(), prompt) : noCache;
  const answer = composeAnswer(prompt, script, {
    sequence: exchange.sequence,
    createdS: Math.floor(state.clock.nowMs() / 1000),
    cache,
    sign: (text) => signatureOf(state.label(), text),
  });
  return { answer, prompt, script };
}

/** Stores a Responses answer for `previous_response_id`. */
function remember(exchange: SimulatedExchange, context: AnswerContext, dialect: SimulatedDialect): void {
  const { answer, prompt } = context;
  if (dialect.id !== 'openai-responses' || prompt.body['store'] === false) return;
  const said: PromptTurn = { role: 'assistant', text: answer.text.join('') };
  const turns = [...prompt.turns.filter((turn) => turn.role !== 'system'), said];
  exchange.state.responses.put(`resp_${answer.sequence}`, { body: dialect.completion(context), turns });
}

function replyStream(exchange: SimulatedExchange, context: AnswerContext, dialect: SimulatedDialect): void {
  const { script } = context;
  const framing = framingOf(exchange, dialect, script);
  const failure = failureNamed(script.errorCode ?? '503');
  const steps = planStream({
    frames: dialect.frames(context),
    framing,
    script,
    errorFrames: (sent): readonly Frame[] => dialect.errorFrames(failure, context, sent),
  });
  const headers = { 'content-type': framing.contentType, 'cache-control': 'no-cache' };
  reply(exchange, script, { status: 200, headers, steps });
}

function framingOf(exchange: SimulatedExchange, dialect: SimulatedDialect, script: Script): Framing {
  if (dialect.id === 'bedrock-converse') return awsEventStreamFraming();
  return dialect.id === 'gemini' && exchange.query.get('alt') !== 'sse' ? jsonArrayFraming() : sseFraming(script);
}

function replyCount(exchange: SimulatedExchange, prompt: Prompt, script: Script): void {
  const tokens = countPrompt(prompt);
  const details = [{ modality: 'TEXT', tokenCount: tokens }];
  const json: JsonObject =
    prompt.dialect === 'gemini' ? { totalTokens: tokens, promptTokensDetails: details } : { input_tokens: tokens };
  replyJson(exchange, script, { status: 200, json });
}
