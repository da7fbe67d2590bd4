import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '../../domain/faults/fault.ts';
import type { SandboxOwner, SandboxService, SandboxSettings } from '../../runtime/index.ts';
import { acceptBody } from '../accept-body.ts';
import { readBody } from '../inference/read-body.ts';
import { readCreate, readTtl } from './create-body.ts';
import { listPage } from './list-page.ts';
import { refusalOf, UnsupportedError } from './refusals.ts';
import { fullSandbox, listedSandbox, openedSandbox, wireMetric } from './sandbox-json.ts';
import { answerEmpty, answerJson } from './wire-answers.ts';

/** What the control plane is built on. */
export interface ControlPlaneDeps {
  readonly sandboxes: SandboxService;
  settings(): SandboxSettings;
  /** Whose key this is; undefined for unknown ones and those that make no sandboxes. */
  identify(secret: string): SandboxOwner | undefined;
  /** Name under which ports are reached; absent: that by which we were asked. */
  domain(): string | undefined;
}

/** A request on the control plane, without its prefix. */
export interface ControlRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: URLSearchParams;
}

interface Call extends ControlRequest {
  readonly deps: ControlPlaneDeps;
  readonly owner: SandboxOwner;
  /** The sandbox that the path names. */
  readonly id: string;
}

type Handler = (call: Call) => Promise<void>;

const bodyLimits = { maxBodyBytes: 1024 * 1024, bodyTimeoutMs: 30_000 };

/** By method and path, versions of which mean the same. */
const routes: readonly (readonly [method: string, pattern: RegExp, handler: Handler])[] = [
  ['POST', /^(?:\/v2)?\/sandboxes$/, create],
  ['GET', /^\/sandboxes$/, listAll],
  ['GET', /^\/v2\/sandboxes$/, listPaged],
  ['GET', /^\/sandboxes\/([^/]+)$/, info],
  ['DELETE', /^\/sandboxes\/([^/]+)$/, kill],
  ['POST', /^\/sandboxes\/([^/]+)\/timeout$/, setTimeoutOf],
  ['POST', /^\/sandboxes\/([^/]+)\/refreshes$/, setTimeoutOf],
  ['POST', /^(?:\/v2)?\/sandboxes\/([^/]+)\/connect$/, connect],
  ['POST', /^\/sandboxes\/([^/]+)\/pause$/, pause],
  ['POST', /^\/sandboxes\/([^/]+)\/resume$/, resume],
  ['GET', /^\/sandboxes\/([^/]+)\/metrics$/, metrics],
];

/** Serves one request that makes, finds or ends sandboxes. Throws what becomes an error answer. */
export async function serveControl(deps: ControlPlaneDeps, asked: ControlRequest): Promise<void> {
  const { request, path } = asked;
  const owner = ownerOf(deps, request);
  const matching = routes.filter(([, pattern]) => pattern.test(path));
  const [, pattern, handler] = matching.find(([method]) => method === request.method) ?? [];
  if (pattern && handler) {
    const id = decode(pattern.exec(path)?.[1] ?? '');
    return handler({ ...asked, deps, owner, id });
  }
  const refusal = refusalOf(path);
  if (refusal) throw new UnsupportedError(refusal);
  if (matching.length === 0) throw new Fault('not_found', { message: `There is no route ${path.slice(0, 200)}.` });
  const allow = matching.map(([method]) => method).join(', ');
  throw new Fault('method_not_allowed', { message: `Use ${allow}.`, allow });
}

function ownerOf(deps: ControlPlaneDeps, { headers }: IncomingMessage): SandboxOwner {
  const named = headers['x-api-key'];
  const bearer = /^bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  const secret = typeof named === 'string' ? named.trim() : bearer?.trim();
  const owner = secret === undefined || secret === '' ? undefined : deps.identify(secret);
  if (owner) return owner;
  throw new Fault('key_invalid', {
    message: 'Send a key of the gateway as X-API-KEY; `switchyard env e2b` prints what clients need.',
  });
}

async function create({ deps, owner, request, response }: Call): Promise<void> {
  const wanted = readCreate(await readJson(request, response));
  const record = await deps.sandboxes.create(owner, wanted);
  answerJson(response, 201, { body: openedSandbox(record, domainOf(deps, request)) });
}

async function listAll({ deps, owner, query, response }: Call): Promise<void> {
  const own = (await deps.sandboxes.list(owner)).filter(({ state }) => state === 'running');
  const { records } = listPage(own, query);
  answerJson(response, 200, { body: records.map((record) => listedSandbox(record, deps.settings())) });
}

async function listPaged({ deps, owner, query, response }: Call): Promise<void> {
  const { records, nextToken } = listPage(await deps.sandboxes.list(owner), query);
  answerJson(response, 200, {
    body: records.map((record) => listedSandbox(record, deps.settings())),
    ...(nextToken !== undefined && { headers: { 'x-next-token': nextToken } }),
  });
}

async function info({ deps, owner, id, request, response }: Call): Promise<void> {
  const record = await deps.sandboxes.info(owner, id);
  answerJson(response, 200, { body: fullSandbox(record, deps.settings(), domainOf(deps, request)) });
}

async function kill({ deps, owner, id, response }: Call): Promise<void> {
  if (await deps.sandboxes.kill(id, owner)) return answerEmpty(response);
  throw new Fault('not_found', { message: `Sandbox ${id.slice(0, 100)} not found.` });
}

async function setTimeoutOf({ deps, owner, id, request, response }: Call): Promise<void> {
  const ttlMs = readTtl(await readJson(request, response));
  await deps.sandboxes.setTtl(owner, id, ttlMs ?? deps.settings().defaultTtlMs);
  answerEmpty(response);
}

async function connect({ deps, owner, id, request, response }: Call): Promise<void> {
  const ttlMs = readTtl(await readJson(request, response));
  const record = await deps.sandboxes.connect(owner, id, ttlMs);
  answerJson(response, record.woke ? 201 : 200, { body: openedSandbox(record, domainOf(deps, request)) });
}

async function resume({ deps, owner, id, request, response }: Call): Promise<void> {
  const ttlMs = readTtl(await readJson(request, response));
  if ((await deps.sandboxes.info(owner, id)).state === 'running') {
    throw new Fault('conflict', { message: `Sandbox ${id} runs already.` });
  }
  const record = await deps.sandboxes.connect(owner, id, ttlMs);
  answerJson(response, 201, { body: openedSandbox(record, domainOf(deps, request)) });
}

async function pause({ deps, owner, id, request, response }: Call): Promise<void> {
  await readJson(request, response);
  if (await deps.sandboxes.pause(owner, id)) return answerEmpty(response);
  throw new Fault('conflict', { message: `Sandbox ${id} is paused already.` });
}

async function metrics({ deps, owner, id, query, response }: Call): Promise<void> {
  const found = await deps.sandboxes.metrics(owner, id, {
    startMs: readSeconds(query, 'start'),
    // To the end of that second.
    endMs: addSecond(readSeconds(query, 'end')),
  });
  answerJson(response, 200, { body: found.map(wireMetric) });
}

function readSeconds(query: URLSearchParams, param: string): number | undefined {
  const text = query.get(param);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value * 1000;
  throw new Fault('invalid_request', { message: `\`${param}\` is no time in seconds.`, param });
}

function addSecond(atMs: number | undefined): number | undefined {
  return atMs === undefined ? undefined : atMs + 999;
}

async function readJson(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
  const bytes = await readBody(request, bodyLimits, () => acceptBody(request, response));
  if (bytes === undefined) throw new Fault('client_gone');
  if (Fault.is(bytes)) throw bytes;
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    throw new Fault('invalid_request', { message: 'The body is not JSON.' });
  }
}

/** As the client named us; a bare address has no names below it, `localhost` has. */
function domainOf(deps: ControlPlaneDeps, { headers }: IncomingMessage): string {
  const host = deps.domain() ?? headers.host ?? 'localhost';
  return host.replace(/^(?:\d+\.\d+\.\d+\.\d+|\[[^\]]*\])/, 'localhost').toLowerCase();
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
