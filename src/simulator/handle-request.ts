import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '../domain/calls/model-call.ts';
import { controlPrefix, handleControl } from './control.ts';
import type { RecordedRequest } from './counters.ts';
import { dialects } from './dialects/index.ts';
import type { SimulatedExchange } from './exchange.ts';
import { replyJson } from './exchange.ts';
import { invalidRequest } from './scripts/failure.ts';
import { handleGenerate } from './answers/generate.ts';
import { asText } from './json.ts';
import { findSimulatedModel } from './answers/models.ts';
import { replyFailure } from './answers/reply-failure.ts';
import type { Route } from './routes.ts';
import { matchRoute } from './routes.ts';
import type { Script } from './scripts/script.ts';
import { parseScript, ScriptError } from './scripts/script.ts';
import { handleService } from './services/index.ts';
import { multipartField } from './services/media.ts';
import type { SimulatorState } from './simulator-state.ts';

const defaultMaxBodyBytes = 256 * 1024 * 1024;

/** The request listener of a simulator. */
export function createRequestHandler(
  state: SimulatorState,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const url = request.url ?? '/';
    const at = url.indexOf('?');
    const path = at < 0 ? url : url.slice(0, at);
    const query = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
    const isControl = state.isScriptable && path.startsWith(controlPrefix);
    const record = isControl ? detachedRecord(path) : state.counters.open(headOf(request, path));
    const abortEarly = (): void => state.counters.close(record, 'aborted');
    if (!isControl) response.once('close', abortEarly);
    readBody(request, state, (bodyBytes) => {
      response.off('close', abortEarly);
      const exchange = { state, request, response, record, path, query, bodyBytes, ...parseBody(bodyBytes) };
      dispatch({ ...exchange, sequence: isControl ? '' : state.nextSequence() }, isControl);
    });
  };
}

function dispatch(exchange: SimulatedExchange, isControl: boolean): void {
  try {
    if (isControl) handleControl(exchange);
    else handleRoute(exchange, matchRoute(exchange.path));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // A script that cannot be read is the caller's mistake; anything else is ours and must be seen.
    const status = error instanceof ScriptError ? 400 : 500;
    const json = { error: { message, type: 'simulator_error', param: null, code: null } };
    if (isControl) exchange.response.writeHead(status).end(JSON.stringify(json));
    else replyJson(exchange, {}, { status, json });
  }
}

function handleRoute(exchange: SimulatedExchange, route: Route | undefined): void {
  if (route === undefined) {
    exchange.state.counters.body(exchange.record, exchange.bodyBytes, '');
    return replyFailure(
      exchange,
      { ...invalidRequest(`Unknown request URL: ${exchange.record.method} ${exchange.path}.`), status: 404 },
      { dialect: dialects['openai-chat'], script: {} },
    );
  }
  const { model, script } = resolveScript(exchange, route);
  exchange.state.counters.body(exchange.record, exchange.bodyBytes, model);
  if (route.kind === 'service') handleService(exchange, { route, model, script });
  else handleGenerate(exchange, { route, model, script });
}

function resolveScript(exchange: SimulatedExchange, route: Route): { model: string; script: Script } {
  const { state, request, body } = exchange;
  const inBody = asText(body['model']);
  const modelName = route.model ?? (inBody === '' ? (multipartField(exchange, 'model') ?? '') : inBody);
  const usual = findSimulatedModel(modelName.split(/[?;]/, 1)[0] ?? '')?.script ?? {};
  if (!state.isScriptable) return { model: modelName, script: { ...usual, ...state.defaultScript } };
  return state.scripts.resolve({ modelName, header: headerScript(request), usual });
}

function headerScript(request: IncomingMessage): string | undefined {
  const header = request.headers['x-fake-script'];
  return typeof header === 'string' ? header : undefined;
}

/** Reads the whole body; a body over the limit or an abort ends the request without an answer. */
function readBody(request: IncomingMessage, state: SimulatorState, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  const maxBytes = state.options.maxBodyBytes ?? defaultMaxBodyBytes;
  let sizeBytes = 0;
  const read = (): void => {
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) request.destroy();
      else chunks.push(chunk);
    });
    request.once('end', () => done(Buffer.concat(chunks)));
  };
  // Destroyed requests emit an error; the close handler has counted them already.
  request.on('error', () => undefined);
  const waitMs = slowReadMs(request, state);
  if (waitMs > 0) setTimeout(read, waitMs);
  else read();
}

function slowReadMs(request: IncomingMessage, state: SimulatorState): number {
  if (!state.isScriptable) return 0;
  try {
    return parseScript(headerScript(request) ?? '').slowRead ?? state.defaultScript.slowRead ?? 0;
  } catch {
    // Reported when the script is resolved.
    return 0;
  }
}

function parseBody(bytes: Buffer): { body: JsonObject; isJson: boolean } {
  if (bytes[0] === 0x2d) return { body: {}, isJson: false };
  try {
    const parsed: unknown = JSON.parse(bytes.toString());
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isObject ? { body: parsed as JsonObject, isJson: true } : { body: {}, isJson: false };
  } catch {
    return { body: {}, isJson: false };
  }
}

function headOf(
  request: IncomingMessage,
  path: string,
): { method: string; path: string; headers: { [name: string]: string } } {
  const headers: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(request.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '');
  return { method: request.method ?? 'GET', path, headers };
}

/** Control routes leave no trace in the counters they show. */
function detachedRecord(path: string): RecordedRequest {
  return {
    sequence: 0,
    method: 'GET',
    path,
    headers: {},
    bodyText: '',
    bodyBytes: 0,
    model: '',
    status: 0,
    outcome: 'done',
    tokensProduced: 0,
    receivedAtMs: 0,
  };
}
