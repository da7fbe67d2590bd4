import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import {
  type FunctionHost,
  type FunctionInstance,
  FunctionStartError,
  FunctionUnavailableError,
  refuseRequest,
} from '../functions/index.ts';
import type { AppDirectory } from './app-directory.ts';
import { type AppAddress, lacksSlash, readAddress } from './app-label.ts';
import type { AppMeter } from './app-meter.ts';
import type { AssetEntry } from './app-types.ts';
import { guestHeaders, ownHeaders } from './ingress-headers.ts';
import type { LiveVersion } from './live-version.ts';
import { pickVersion } from './pick-version.ts';
import { type AssetServer, findAsset } from './static-assets.ts';

/** What the way into apps is built on. */
export interface IngressDeps {
  readonly directory: AppDirectory;
  readonly host: FunctionHost;
  readonly assets: AssetServer;
  readonly meter: AppMeter;
  readonly clock: Clock;
  readonly logger: Logger;
  newId(prefix: string): string;
  /** Why nothing can be served at all; undefined when it can. */
  absence(): string | undefined;
  /** Hears how requests ended, for whoever tries them again. */
  sampled?(
    version: LiveVersion,
    request: Pick<IncomingMessage, 'method' | 'headers'> & { readonly path: string },
    status: number,
  ): void;
  /** Whether who pays for an app has used up a limit; absent: nobody pays. */
  readonly charged?: { isRefused(app: string): boolean } | undefined;
  /** Names of our own cookies, which no guest is shown. */
  readonly hiddenCookies: readonly string[];
}

/** Handles a request for an app; false when it is for none. */
export type AppIngress = (request: IncomingMessage, response: ServerResponse) => boolean;

interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly address: AppAddress;
  readonly requestId: string;
  readonly version: LiveVersion;
  readonly startedAtMs: number;
  readonly headers: { readonly [name: string]: string };
}

/** A version that is still starting after this long is told of by 503; its process goes on starting. */
const startWaitMs = 3000;

/** Makes the way in: from the socket to the guest without a framework in between. */
export function createAppIngress(deps: IngressDeps): AppIngress {
  return (request, response) => {
    const target = request.url ?? '/';
    const address = readAddress(target, request.headers.host);
    if (address === undefined) return false;
    if (lacksSlash(target, address)) return redirect(response, target, address);
    const requestId = deps.newId('req');
    const headers = ownHeaders(request, address, requestId);
    if (request.method === 'OPTIONS' && address.prefix !== '' && request.headers.origin === 'null') {
      response.writeHead(204, headers).end();
      return true;
    }
    const live = deps.directory.find(address.app, address.alias);
    if (live === undefined) return refuseUnknown(deps, { request, response, address, headers });
    const version = pickVersion(live, () => stickyKey(request));
    headers['x-switchyard-version'] = version.version;
    const visit = { request, response, address, requestId, version, startedAtMs: deps.clock.monotonicMs(), headers };
    try {
      serve(deps, visit);
    } catch (error) {
      // One app's request must not end the process that serves all.
      deps.logger.error({ err: error, app: version.app }, 'a request could not be handed to its app');
      if (response.headersSent) response.destroy();
      else refuse(deps, visit, { status: 500, code: 'internal', detail: 'The app could not be asked.' });
    }
    return true;
  };
}

function serve(deps: IngressDeps, visit: Visit): void {
  const { request, version, address } = visit;
  if (request.method === 'GET' || request.method === 'HEAD') {
    const asset = findAsset(version.assets, address.path.split('?', 1)[0] ?? '/');
    if (asset !== undefined) return serveAsset(deps, visit, { asset, status: 200 });
  }
  if (!version.hasCode) {
    const page = version.assets.get('404.html');
    if (page !== undefined) return serveAsset(deps, visit, { asset: page, status: 404 });
    return refuse(deps, visit, { status: 404, code: 'not_found', detail: 'There is no such page.' });
  }
  if (deps.charged?.isRefused(version.app) === true) {
    const detail = 'The app has used up the budget that pays for it.';
    return refuse(deps, visit, { status: 402, code: 'budget_exceeded', detail });
  }
  const running = deps.host.running(version);
  if (running !== undefined) forward(deps, visit, running);
  else void start(deps, visit);
}

/** The first request of a version waits for its process, within bounds. */
async function start(deps: IngressDeps, visit: Visit): Promise<void> {
  const { version, response } = visit;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new FunctionUnavailableError('it is still starting', 1000)), startWaitMs);
  });
  try {
    const starting = version.spec().then((spec) => deps.host.acquire(spec));
    starting.catch(() => undefined);
    const instance = await Promise.race([starting, late]);
    if (response.destroyed) return;
    forward(deps, visit, instance);
  } catch (error) {
    const isKnown = error instanceof FunctionUnavailableError || error instanceof FunctionStartError;
    if (!isKnown) deps.logger.error({ err: error, app: version.app }, 'an app could not be started');
    // What it said itself at its start is for its makers, not for visitors.
    const detail = error instanceof FunctionUnavailableError ? firstLine(error.message) : 'it could not be started';
    refuse(deps, visit, {
      status: 503,
      code: 'app_unavailable',
      detail: `The app cannot answer right now: ${detail}.`,
    });
  } finally {
    clearTimeout(timer);
  }
}

function forward(deps: IngressDeps, visit: Visit, instance: FunctionInstance): void {
  const { request, response, address, requestId, version, startedAtMs, headers } = visit;
  if (!instance.handlers.fetch) {
    const detail = 'The app has no fetch handler: export default { fetch(request, env, context) { … } }.';
    return refuse(deps, visit, { status: 500, code: 'no_fetch_handler', detail });
  }
  if (!instance.hasRoom) {
    return refuse(deps, visit, { status: 503, code: 'app_busy', detail: 'The app has too many requests at once.' });
  }
  if (request.headers.expect !== undefined) response.writeContinue();
  instance.forward({
    request,
    response,
    path: address.path,
    headers: guestHeaders(request, { address, requestId, hiddenCookies: deps.hiddenCookies }),
    answerHeaders: headers,
    done(outcome) {
      deps.meter.note(version.app, version.version, { outcome, ms: deps.clock.monotonicMs() - startedAtMs });
      deps.sampled?.(version, { method: request.method, headers: request.headers, path: address.path }, outcome.status);
    },
  });
}

function serveAsset(deps: IngressDeps, visit: Visit, { asset, status }: { asset: AssetEntry; status: number }): void {
  const { version, startedAtMs } = visit;
  deps.assets.serve(visit, asset, status).then(
    (served) => {
      const outcome = { status: served.status, hasFailed: false };
      deps.meter.note(version.app, version.version, { outcome, ms: deps.clock.monotonicMs() - startedAtMs });
    },
    (error: unknown) => {
      deps.logger.error({ err: error, app: version.app }, 'a file of an app could not be served');
      refuse(deps, visit, { status: 503, code: 'app_unavailable', detail: 'The file cannot be read right now.' });
    },
  );
}

interface OwnAnswer {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

function refuse(deps: IngressDeps, { response, version, headers, startedAtMs }: Visit, answer: OwnAnswer): void {
  refuseRequest(response, { ...answer, headers });
  const outcome = { status: answer.status, hasFailed: answer.status >= 500 };
  deps.meter.note(version.app, version.version, { outcome, ms: deps.clock.monotonicMs() - startedAtMs });
}

function refuseUnknown(
  { absence }: IngressDeps,
  { response, address, headers }: Pick<Visit, 'request' | 'response' | 'address' | 'headers'>,
): boolean {
  const missing = absence();
  const detail = `There is no ${address.alias} version of an app "${address.app}".`;
  if (missing === undefined) refuseRequest(response, { status: 404, code: 'not_found', detail, headers });
  else
    refuseRequest(response, {
      status: 503,
      code: 'database_unavailable',
      detail: `No app can be served: ${missing}.`,
      headers,
    });
  return true;
}

function redirect(response: ServerResponse, target: string, { prefix }: AppAddress): boolean {
  response.writeHead(308, { location: `${prefix}/${target.slice(prefix.length)}`, 'content-length': 0 }).end();
  return true;
}

/** What keeps a visitor on one side of a canary: what the client says, else who it is. */
function stickyKey({ headers, socket }: IncomingMessage): string {
  const named = headers['x-switchyard-sticky-key'];
  if (typeof named === 'string' && named !== '') return named;
  return headers.authorization ?? `${socket.remoteAddress ?? ''} ${headers['user-agent'] ?? ''}`;
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').slice(0, 300);
}
