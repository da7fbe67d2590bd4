import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../../config/index.ts';
import type { InboundDialectId } from '../../domain/calls/dialect.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { FaultCode } from '../../domain/faults/fault-codes.ts';
import { type Gateway, type ObjectGateway, refuse, type RequestControls, requestHeaders } from '../../gateway/index.ts';
import type { Logger } from '../../platform/logger.ts';
import type { InboundProtocol } from '../../protocols/index.ts';
import type { Key, KeyRing, TokenVerifier } from '../../tenants/index.ts';
import { acceptBody, declineBody } from '../accept-body.ts';
import { allowOrigin, answerPreflight, isPreflight } from '../cors.ts';
import { answerModels, type ModelSource } from './answer-models.ts';
import { bringsToken, type Caller, identify } from './client-guard.ts';
import { type InferenceRoute, matchRoute } from './match-route.ts';
import { readBody } from './read-body.ts';
import { ResponseSink } from './response-sink.ts';
import { toObjectRequest } from './to-object-request.ts';

/** What the edge needs to hand requests on. */
export interface InferenceDeps extends ModelSource {
  readonly gateway: Gateway;
  readonly objects: ObjectGateway;
  readonly logger: Logger;
  inboundOf(dialect: InboundDialectId): InboundProtocol;
  settings(): { readonly config: Config; readonly keys: KeyRing };
  /** Verifies tokens that customers' backends mint for browsers; absent: there are none. */
  readonly tokens?: Pick<TokenVerifier, 'verify' | 'isInUse'> | undefined;
  newId(prefix: string): string;
  /** New work is refused while draining or at the limit of concurrent work; `working` requests are being served. */
  admits(working: number): boolean;
  /** Counts a request that is turned away here, before it reaches the gateway. */
  refused(fault: FaultCode): void;
}

/** Handles one request of the inference API; false when the path is not part of it. */
export type InferenceHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Makes the raw handler: no framework between the socket and the gateway. */
export function createInferenceHandler(deps: InferenceDeps): InferenceHandler {
  const load: Load = { working: 0 };
  return (request, response) => {
    const [path = '/', query = ''] = splitTarget(request.url ?? '/');
    const route = matchRoute(path, request.headers['anthropic-version'] !== undefined);
    if (!route) return false;
    if (isPreflight(request) && deps.tokens?.isInUse === true) {
      // A preflight does not tell the token, and so not whose page it is: the answer itself is only for the token's.
      allowOrigin(response, request.headers.origin ?? '');
      answerPreflight(request, response);
      return true;
    }
    const sink = new ResponseSink(response, deps.settings().config.server.clientStallMs);
    handle(deps, { request, response, route, query, load }, sink).catch((error: unknown) => {
      deps.logger.error({ err: error }, 'defect while receiving a request');
      sink.destroy();
    });
    return true;
  };
}

/** Requests whose body is being received or that are being answered, whatever they are about. */
interface Load {
  working: number;
}

interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: InferenceRoute;
  readonly query: string;
  readonly load: Load;
}

/** What is known of a request whose caller may make it. */
interface Identified {
  readonly key: Key;
  readonly requestId: string;
  readonly inbound: InboundProtocol;
  turnAway(fault: Fault): void;
}

async function handle(deps: InferenceDeps, incoming: Incoming, sink: ResponseSink): Promise<void> {
  const { request, response, route, query, load } = incoming;
  const requestId = deps.newId('req');
  const inbound = deps.inboundOf(route.dialect);
  const { keys } = deps.settings();
  const turnAway = (fault: Fault): void => {
    deps.refused(fault.code);
    declineBody(request, response);
    refuse({ requestId, inbound }, sink, fault);
    // What is still being sent of the body is not wanted.
    if (!request.complete) request.resume();
  };
  const identifying = identify(request.headers, query, { keys, tokens: deps.tokens });
  const caller = identifying instanceof Promise ? await identifying : identifying;
  openToPage(incoming, caller);
  if (Fault.is(caller)) return turnAway(caller);
  const { key } = caller;
  if (route.kind === 'unknown')
    return turnAway(new Fault('not_found', { message: `There is no route ${request.url?.split('?')[0]}.` }));
  if (route.kind === 'models') {
    request.resume();
    const answer = answerModels(deps, { method: request.method, route, query, key });
    if (Fault.is(answer)) return refuse({ requestId, inbound }, sink, answer);
    sink.start(200, { ...requestHeaders(requestId), 'content-type': 'application/json' });
    return sink.end(JSON.stringify(answer));
  }
  if (route.kind === 'call' && request.method !== 'POST')
    return turnAway(new Fault('method_not_allowed', { message: 'Use POST.', allow: 'POST' }));
  // What is kept belongs to the customer, and a token to one of its end users.
  if (route.kind === 'object' && key.endUser !== undefined)
    return turnAway(new Fault('not_allowed', { message: 'A token may only be used to call models.' }));
  if (!deps.admits(load.working)) return turnAway(new Fault('shedding'));
  load.working++;
  try {
    await serve(deps, incoming, { sink, caller: { key, requestId, inbound, turnAway } });
  } finally {
    load.working--;
  }
}

async function serve(
  deps: InferenceDeps,
  { request, response, route, query }: Incoming,
  { sink, caller }: { readonly sink: ResponseSink; readonly caller: Identified },
): Promise<void> {
  const { key, requestId, inbound, turnAway } = caller;
  if (route.kind !== 'call' && route.kind !== 'object') return;
  const bytes = await readBody(request, deps.settings().config.server, () => acceptBody(request, response));
  if (bytes === undefined) return sink.destroy();
  if (Fault.is(bytes)) return turnAway(bytes);
  if (route.kind === 'object') {
    const object = toObjectRequest({ request, route, query, requestId, inbound, key, bytes });
    return deps.objects.handle(object, sink);
  }
  await deps.gateway.handle(
    {
      requestId,
      inbound,
      route: route.hints,
      framing:
        route.dialect === 'gemini' && route.hints.stream === true && !/(^|&)alt=sse(&|$)/.test(query)
          ? 'json-array'
          : 'sse',
      key,
      bytes,
      contentType: contentTypeOf(request.headers['content-type']),
      passThroughPath: route.passThroughPath,
      forwardHeaders: forwardable(request.headers),
      controls: readControls(request.headers),
    },
    sink,
  );
}

/**
 * Answers to a token are readable for the page it was made for. So are refusals of the token itself, which tell nothing
 * but what the page sent: it must learn that it needs another one.
 */
function openToPage({ request, response, query }: Incoming, caller: Caller | Fault): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  const isRefusal = Fault.is(caller) && caller.code === 'key_invalid';
  if (isRefusal ? bringsToken(request.headers, query) : !Fault.is(caller) && caller.origin === origin) {
    allowOrigin(response, origin);
  }
}

/** Clients that forget the header, or whose tool sets a form's, still send JSON; only uploads are something else. */
function contentTypeOf(header: string | undefined): string {
  return header !== undefined && /^multipart\/form-data/i.test(header) ? header : 'application/json';
}

function splitTarget(target: string): [string, string] {
  const mark = target.indexOf('?');
  return mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
}

/** Only headers that select features of a dialect travel on; never credentials, cookies or our own. */
function forwardable(headers: IncomingHttpHeaders): Record<string, string> {
  const forwarded: Record<string, string> = {};
  for (const name of ['anthropic-beta', 'anthropic-version', 'openai-beta', 'x-goog-api-client'] as const) {
    const value = headers[name];
    if (typeof value === 'string') forwarded[name] = value;
  }
  return forwarded;
}

function readControls(headers: IncomingHttpHeaders): RequestControls {
  const text = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' && value !== '' ? value.slice(0, 512) : undefined;
  };
  const deadlineMs = Number(text('x-switchyard-deadline-ms'));
  const cache = text('x-switchyard-cache');
  return {
    explain: text('x-switchyard-explain') === '1',
    session: text('x-switchyard-session'),
    job: text('x-switchyard-job'),
    feature: text('x-switchyard-feature'),
    externalId: text('x-switchyard-external-id')?.slice(0, 200),
    cacheControl: text('cache-control'),
    cache: cache === 'off' || cache === 'deterministic' || cache === 'all' ? cache : undefined,
    deadlineMs: deadlineMs > 0 ? deadlineMs : undefined,
    traceparent: text('traceparent'),
    // Programs are longer than names; the size of a request's head bounds them.
    tests: typeof headers['x-switchyard-tests'] === 'string' ? headers['x-switchyard-tests'] : undefined,
  };
}
