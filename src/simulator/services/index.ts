import { hasCredentials } from '../check-request.ts';
import { dialects } from '../dialects/index.ts';
import type { SimulatedExchange } from '../exchange.ts';
import { replyBytes, replyJson } from '../exchange.ts';
import { failureNamed } from '../scripts/failure.ts';
import { simulatedModels } from '../answers/models.ts';
import { replyFailure } from '../answers/reply-failure.ts';
import type { Route, ServiceName } from '../routes.ts';
import type { Script } from '../scripts/script.ts';
import { answerEmbeddings, answerGeminiEmbeddings } from './embeddings.ts';
import { answerImages, answerModerations, answerRerank, answerSpeech, answerTranscription } from './media.ts';
import { answerModels } from './model-list.ts';
import type { ServiceAnswer, ServiceCall } from './service.ts';
import { notFound, okJson } from './service.ts';

const tokenLifeS = 3600;

/** A request to a side route, its script resolved. */
export interface ServiceRequest {
  readonly route: Route & { readonly kind: 'service' };
  readonly model: string;
  readonly script: Script;
}

/** Answers the routes beside text generation. */
export function handleService(exchange: SimulatedExchange, request: ServiceRequest): void {
  const { route, model, script } = request;
  const dialect = dialects[route.service === 'gemini-embed' ? 'gemini' : 'openai-chat'];
  const isOpen = route.service === 'oauth-token' || hasCredentials(exchange);
  if (!isOpen) return replyFailure(exchange, failureNamed('401'), { dialect, script });
  if (script.fail !== undefined) return replyFailure(exchange, failureNamed(script.fail), { dialect, script });
  const answer = handlers(exchange)[route.service]({
    method: exchange.record.method,
    path: exchange.path,
    tail: route.tail,
    model,
    headers: exchange.request.headers,
    body: exchange.body,
    bodyBytes: exchange.bodyBytes,
    createdS: Math.floor(exchange.state.clock.nowMs() / 1000),
    sequence: exchange.sequence,
  });
  if (answer.bytes === undefined)
    return replyJson(exchange, script, { status: answer.status, json: answer.json ?? null });
  const contentType = answer.contentType ?? 'application/octet-stream';
  replyBytes(exchange, script, { status: answer.status, bytes: answer.bytes, contentType });
}

function handlers(exchange: SimulatedExchange): {
  readonly [name in ServiceName]: (call: ServiceCall) => ServiceAnswer;
} {
  const { state } = exchange;
  return {
    embeddings: answerEmbeddings,
    'gemini-embed': answerGeminiEmbeddings,
    rerank: answerRerank,
    moderations: answerModerations,
    images: answerImages,
    speech: answerSpeech,
    transcription: answerTranscription,
    files: state.files.answerFiles,
    batches: state.files.answerBatches,
    models: (call) => answerModels(call, state.options.models ?? simulatedModels.map((entry) => entry.name)),
    'stored-response': (call) => answerStoredResponse(exchange, call),
    'oauth-token': (call) =>
      okJson({ access_token: `ya29.${call.sequence}`, expires_in: tokenLifeS, token_type: 'Bearer' }),
  };
}

function answerStoredResponse(exchange: SimulatedExchange, call: ServiceCall): ServiceAnswer {
  const { responses } = exchange.state;
  if (call.method === 'DELETE' && responses.delete(call.tail)) {
    return okJson({ id: call.tail, object: 'response', deleted: true });
  }
  const stored = responses.get(call.tail);
  return stored === undefined ? notFound(`Response with id '${call.tail}' not found.`) : okJson(stored.body);
}
