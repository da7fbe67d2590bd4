import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import { isToken, type LiveSandbox, type SandboxRecord, type SandboxService } from '../../runtime/index.ts';
import { acceptBody } from '../accept-body.ts';
import { readBody } from '../inference/read-body.ts';
import { answerConnectError, ConnectError, ConnectStream, readMessage, toConnectError } from './connect-protocol.ts';
import { download, upload } from './envd-files.ts';
import { filesystemCalls, filesystemStreams } from './filesystem-rpc.ts';
import type { PortForwarder } from './forward-port.ts';
import { processCalls, processStreams } from './process-rpc.ts';
import { UnsupportedError } from './refusals.ts';
import { isExpired, isSignedBy, readSigned } from './signature.ts';
import { answerEmpty, answerError, answerGone, answerJson } from './wire-answers.ts';

/** What the data plane is built on. */
export interface DataPlaneDeps {
  readonly sandboxes: SandboxService;
  readonly clock: Clock;
  readonly ports: PortForwarder;
}

/** A request to a sandbox. */
export interface DataRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Without a prefix of ours. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** The port under which clients ask for files and commands. */
export const envdPort = 49_983;
const codeInterpreterPort = 49_999;
const bodyLimits = { maxBodyBytes: 8 * 1024 * 1024, bodyTimeoutMs: 60_000 };

/** Serves a request that names its sandbox and a port of it. The name leads there; what it may do, its token says. */
export async function serveSandbox(
  deps: DataPlaneDeps,
  { id, port }: { readonly id: string; readonly port: number },
  asked: DataRequest,
): Promise<void> {
  const { response, path } = asked;
  // Asking whether it lives keeps nothing alive and wakes nothing.
  if (port === envdPort && path === '/health') {
    return (await deps.sandboxes.runs(id)) ? answerEmpty(response) : answerGone(response, id);
  }
  const record = await deps.sandboxes.reachable(id);
  if (!record) return answerGone(response, id);
  if (port === codeInterpreterPort) throw new UnsupportedError('codeInterpreter');
  // Nobody wakes what is paused, at its owner's expense, who may not do more than that.
  const serve = port === envdPort ? admitToEnvd(deps, record, asked) : admitToPort(deps, record, { ...asked, port });
  const sandbox = await deps.sandboxes.reach(id);
  return sandbox ? serve(sandbox) : answerGone(response, id);
}

/** Serves a signed address, which names no sandbox: whoever signed it is found by the signature. */
export async function serveSigned(deps: DataPlaneDeps, asked: DataRequest): Promise<boolean> {
  const sandbox = await deps.sandboxes.reachBy((token) => isSignedFor(deps, asked, token));
  if (!sandbox) return false;
  await serveFiles(sandbox, asked);
  return true;
}

/** Serves what somebody may ask for. */
type Serve = (sandbox: LiveSandbox) => Promise<void>;

function admitToEnvd(deps: DataPlaneDeps, { accessToken }: SandboxRecord, asked: DataRequest): Serve {
  if (isToken(header(asked.request, 'x-access-token'), accessToken)) return (sandbox) => serveEnvd(sandbox, asked);
  if (asked.path === '/files' && isSignedFor(deps, asked, accessToken)) {
    return (sandbox) => serveFiles(sandbox, asked);
  }
  throw new Fault('key_invalid', { message: 'The access token is missing or not that of this sandbox.' });
}

function admitToPort(
  { ports }: DataPlaneDeps,
  { publicTraffic, trafficToken, accessToken }: SandboxRecord,
  { request, response, port }: DataRequest & { readonly port: number },
): Serve {
  const isKnown =
    isToken(header(request, 'e2b-traffic-access-token'), trafficToken) ||
    isToken(header(request, 'x-access-token'), accessToken);
  if (!publicTraffic && !isKnown) {
    throw new Fault('not_allowed', { message: 'The ports of this sandbox need its traffic token.' });
  }
  return (sandbox) => ports.forward(sandbox, port, { request, response });
}

async function serveEnvd(sandbox: LiveSandbox, asked: DataRequest): Promise<void> {
  const { request, response, path } = asked;
  if (path === '/files') return serveFiles(sandbox, asked);
  if (path === '/envs' && request.method === 'GET') {
    return answerJson(response, 200, { body: sandbox.record.environment });
  }
  if (path === '/metrics' && request.method === 'GET') return answerUsage(sandbox, response);
  const [, service, method] = /^\/(process\.Process|filesystem\.Filesystem)\/(\w+)$/.exec(path) ?? [];
  if (service === undefined || method === undefined) {
    throw new Fault('not_found', { message: `There is no route ${path.slice(0, 200)}.` });
  }
  const isProcess = service === 'process.Process';
  const unary = own(isProcess ? processCalls : filesystemCalls, method);
  const stream = own(isProcess ? processStreams : filesystemStreams, method);
  try {
    if (!unary && !stream) throw new ConnectError('unimplemented', `There is no method ${method} yet (501).`);
    const message = await readCall(asked, stream !== undefined);
    if (unary) return answerJson(response, 200, { body: await unary({ sandbox, message, request }) });
    await stream?.({ sandbox, message, request, response, deadlineMs: deadlineOf(request) });
  } catch (error) {
    const known = toConnectError(error);
    if (!known) throw error;
    if (!stream) answerConnectError(response, known);
    // A stream tells its failure in its last message, whatever happened before the first.
    else if (!response.headersSent) new ConnectStream(request, response, {}).end(known);
    else response.destroy();
  }
}

async function readCall({ request, response }: DataRequest, isStream: boolean): Promise<Record<string, unknown>> {
  const wanted = isStream ? 'application/connect+json' : 'application/json';
  const contentType = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (request.method !== 'POST' || contentType !== wanted) {
    throw new ConnectError('invalid_argument', `Use POST with ${wanted}.`);
  }
  const bytes = await readBody(request, bodyLimits, () => acceptBody(request, response));
  if (bytes === undefined) throw new Fault('client_gone');
  if (Fault.is(bytes)) throw bytes;
  return readMessage(bytes, isStream);
}

async function serveFiles(sandbox: LiveSandbox, { request, response, query }: DataRequest): Promise<void> {
  const call = { sandbox, request, response, query };
  try {
    if (request.method === 'GET') return await download(call);
    if (request.method === 'POST') return await upload(call);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return answerError(response, { status: 401, message: error.message });
  }
  throw new Fault('method_not_allowed', { message: 'Use GET or POST.', allow: 'GET, POST' });
}

async function answerUsage(sandbox: LiveSandbox, response: ServerResponse): Promise<void> {
  await sandbox.sample();
  const latest = sandbox.metrics.at(-1);
  answerJson(response, 200, {
    body: {
      ts: Math.floor((latest?.atMs ?? 0) / 1000),
      cpu_count: latest?.cpuCount ?? 1,
      cpu_used_pct: latest?.cpuUsedPct ?? 0,
      mem_used: latest?.memoryUsedBytes ?? 0,
      mem_total: latest?.memoryTotalBytes ?? 0,
      disk_used: latest?.diskUsedBytes ?? 0,
      disk_total: latest?.diskTotalBytes ?? 0,
    },
  });
}

function isSignedFor({ clock }: DataPlaneDeps, { request, query }: DataRequest, token: string): boolean {
  const signed = readSigned(query, request.method === 'POST' ? 'write' : 'read');
  return signed !== undefined && !isExpired(signed, clock.nowMs()) && isSignedBy(signed, token);
}

const longestMs = 86_400_000;

function deadlineOf(request: IncomingMessage): number | undefined {
  const deadlineMs = Number(header(request, 'connect-timeout-ms'));
  return deadlineMs > 0 ? Math.min(deadlineMs, longestMs) : undefined;
}

function header({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

function own<Value>(table: { readonly [name: string]: Value }, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
