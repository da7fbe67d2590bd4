import { type Context, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { Fault } from '../../domain/faults/fault.ts';
import { ownValue } from '../../domain/json/own-value.ts';
import { InputFault } from './framework/input-fault.ts';
import { openApiDocument } from './framework/openapi.ts';
import type { ClientCaller, Outsider, Principal } from './framework/principal.ts';
import { problem } from './framework/problem.ts';
import { parseJson } from './framework/read-input.ts';
import { type ControlRoute, type FileAnswer, isFile } from './framework/route.ts';
import { readText } from './framework/read-text.ts';
import { type RouteDeps, type RouteReply, runRoute } from './framework/run-route.ts';
import { toFault } from './framework/to-fault.ts';

/** What the control API is built on. */
export interface ControlDeps extends RouteDeps {
  /** Who holds this token; undefined for an unknown one. `origin` is that of the page which sent it. */
  identify(token: string, origin?: string): Promise<Principal | Outsider | undefined>;
  /** Whether pages may call at all: only where somebody can mint tokens for them. */
  servesPages?(): boolean;
  /** Told of defects, so that they stand in the log. */
  troubled(error: unknown): void;
}

const base = '/api/v1';
const defaultBodyBytes = 1024 * 1024;

/** Builds the control API from its routes; everything below /api/v1 needs a token. */
export function createControlApp(routes: readonly ControlRoute[], deps: ControlDeps): Hono {
  const app = new Hono();
  let document: Promise<string> | undefined;
  app.onError((error, context) => {
    const fault = toFault(error);
    if (fault.code === 'internal') deps.troubled(error);
    return problem(context, fault);
  });
  app.notFound((context) => problem(context, new Fault('not_found', { message: 'There is no such route.' })));
  app.get(`${base}/openapi.json`, async (context) => {
    await identify(context, deps);
    // Written when somebody first reads it: a start does not wait for that.
    document ??= openApiDocument(routes, '1').then((written) => JSON.stringify(written));
    return context.body(await document, 200, { 'content-type': 'application/json' });
  });
  answerPages(app, routes, deps);
  for (const route of routes) mount(app, route, deps);
  refuseOtherMethods(app, routes, deps);
  app.all(`${base}/*`, async (context) => {
    await identify(context, deps);
    throw new Fault('not_found', { message: 'There is no such route; /api/v1/openapi.json lists those there are.' });
  });
  return app;
}

function mount(app: Hono, route: ControlRoute, deps: ControlDeps): void {
  app.on(route.method.toUpperCase(), honoPath(route), async (context) => {
    const principal = await identify(context, deps, route);
    const raw = { params: context.req.param(), query: context.req.queries(), body: await readBody(context, route) };
    const idempotencyKey = route.audit === undefined ? undefined : readIdempotencyKey(context);
    const leaving = new AbortController();
    const signal = AbortSignal.any([context.req.raw.signal, leaving.signal]);
    const answer = await runRoute(route, { principal, raw, idempotencyKey, signal }, deps);
    return reply(context, answer, () => leaving.abort());
  });
}

function honoPath({ path }: ControlRoute): string {
  return base + path.replace(/\{(\w+)\}/g, ':$1');
}

async function identify(context: Context, deps: ControlDeps, route?: ControlRoute): Promise<Principal> {
  const header = context.req.header('authorization') ?? '';
  const token = /^bearer /i.test(header) ? header.slice(7).trim() : '';
  const who = token === '' ? undefined : await deps.identify(token, context.req.header('origin'));
  if (who === undefined) {
    const message =
      'Send the owner token or an access token as "Authorization: Bearer …"; the owner token is in the file owner-token of the data folder.';
    throw new Fault('key_invalid', { message });
  }
  const client = 'outsider' in who && route?.forClients === true ? who.client : undefined;
  if (client) return admitClient(context, client);
  if ('outsider' in who) throw new Fault('not_allowed', { message: `${who.outsider} does not reach the control API.` });
  return who;
}

/** The page that a token was made for may read what becomes of its call. */
function admitClient(context: Context, { key, customerId, endUser, origin }: ClientCaller): Principal {
  if (origin !== undefined) {
    context.header('access-control-allow-origin', origin);
    context.header('vary', 'origin');
  }
  return {
    name: endUser === undefined ? key : `${key}/${endUser}`,
    role: 'viewer',
    isClient: true,
    customerId,
    endUser,
  };
}

/** A preflight does not tell the token: that the page may send is all it learns. */
function answerPages(app: Hono, routes: readonly ControlRoute[], deps: ControlDeps): void {
  for (const route of routes.filter(({ forClients }) => forClients === true)) {
    app.options(honoPath(route), (context, next) => {
      const origin = context.req.header('origin');
      if (origin === undefined || deps.servesPages?.() !== true) return next();
      return Promise.resolve(
        context.body(null, 204, {
          'access-control-allow-origin': origin,
          'access-control-allow-methods': route.method.toUpperCase(),
          'access-control-allow-headers': 'authorization, content-type, idempotency-key',
          'access-control-max-age': '600',
          vary: 'origin',
        }),
      );
    });
  }
}

async function readBody(context: Context, route: ControlRoute): Promise<unknown> {
  if (route.method === 'get') return undefined;
  const text = await readText(context, route.maxBodyBytes ?? defaultBodyBytes);
  const mediaType = (context.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const reader = ownValue(route.bodyReaders ?? {}, mediaType);
  if (reader) return reader(text);
  return parseJson(text);
}

function readIdempotencyKey(context: Context): string | undefined {
  const key = context.req.header('idempotency-key');
  if (key === undefined || /^[!-~]{1,128}$/.test(key)) return key;
  throw new InputFault([{ field: 'Idempotency-Key', detail: 'must be 1 to 128 printable characters without spaces' }]);
}

function reply(context: Context, answer: RouteReply, left: () => void): Response {
  if (isFile(answer) && isStream(answer.content)) {
    const stream = streamOf(answer.content, left);
    return context.body(stream, 200, { 'content-type': answer.contentType, 'cache-control': 'no-store' });
  }
  if (isFile(answer)) {
    return context.body(toBody(answer.content as Uint8Array | string), 200, {
      'content-type': answer.contentType,
      'content-disposition': `attachment; filename="${(answer.fileName ?? 'answer').replace(/[^A-Za-z0-9._-]/g, '_')}"`,
    });
  }
  if (answer.status === 204) return context.body(null, 204);
  return context.body(answer.body, answer.status as ContentfulStatusCode, { 'content-type': 'application/json' });
}

function isStream(content: FileAnswer['content']): content is AsyncIterable<string> {
  return typeof content === 'object' && Symbol.asyncIterator in content;
}

/** Whoever makes the pieces may be waiting for the next one when the caller leaves, and is told at once. */
function streamOf(pieces: AsyncIterable<string>, left: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const iterator = pieces[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      left();
      await iterator.return?.();
    },
  });
}

function toBody(content: Uint8Array | string): string | Uint8Array<ArrayBuffer> {
  return typeof content === 'string' ? content : new Uint8Array(content);
}

/** A known path with another method says which methods there are. */
function refuseOtherMethods(app: Hono, routes: readonly ControlRoute[], deps: ControlDeps): void {
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    const path = honoPath(route);
    methods.set(path, [...(methods.get(path) ?? []), route.method.toUpperCase()]);
  }
  for (const [path, allowed] of methods) {
    app.all(path, async (context) => {
      await identify(context, deps);
      context.header('allow', allowed.join(', '));
      throw new Fault('method_not_allowed', { message: `This route takes ${allowed.join(' or ')}.` });
    });
  }
}
