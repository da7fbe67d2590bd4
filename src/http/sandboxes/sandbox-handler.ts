import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { readAddress } from '../../runtime/index.ts';
import { type ControlPlaneDeps, serveControl } from './control-plane.ts';
import { type DataRequest, envdPort, serveSandbox, serveSigned } from './data-plane.ts';
import { PortForwarder } from './forward-port.ts';
import { MissCount } from './miss-count.ts';
import { answerError, toWireError } from './wire-answers.ts';

/** What sandboxes are reached through. */
export interface SandboxHandlerDeps extends ControlPlaneDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Handles one request about sandboxes; false when it is about none. */
export type SandboxHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Where clients find the control plane. */
const prefix = '/e2b';
const portHost = /^(\d{1,5})-(sbx[0-9a-f]{32})\./;

/**
 * Makes the way to sandboxes for clients of the E2B protocol. Everything is on the product's one port: requests to a
 * sandbox name it in a header or, for its ports, in their host; signed addresses of files have a path that nothing else
 * has.
 */
export function createSandboxHandler(deps: SandboxHandlerDeps): SandboxHandler {
  const ports = new PortForwarder();
  const misses = new MissCount(deps.clock);
  const plane = { ...deps, ports };
  return (request, response) => {
    const asked = readTarget(request, response);
    const place = placeOf(request, asked);
    if (place === undefined) return false;
    const serving = place === 'control' ? serveControl(deps, asked) : serveData(plane, { place, misses }, asked);
    serving.catch((error: unknown) => {
      const known = toWireError(error);
      if (!known && !isLeaving(error)) deps.logger.error({ err: error }, 'a request about a sandbox failed');
      answerError(response, known ?? { status: 500, message: 'The request failed on our side.' });
    });
    return true;
  };
}

type Place = 'control' | 'signed' | { readonly id: string; readonly port: number };

function placeOf({ headers, url = '/' }: IncomingMessage, { path, query }: DataRequest): Place | undefined {
  const [, hostPort, hostId] = portHost.exec(headers.host?.toLowerCase() ?? '') ?? [];
  if (hostPort !== undefined && hostId !== undefined) return { id: hostId, port: Number(hostPort) };
  const id = headers['e2b-sandbox-id'];
  if (typeof id === 'string') return { id, port: Number(headers['e2b-sandbox-port'] ?? envdPort) };
  // An app may have such a path, too.
  const isApps = readAddress(url, headers.host) !== undefined;
  if (path === '/files' && query.has('signature') && !isApps) return 'signed';
  return url === prefix || url.startsWith(`${prefix}/`) || url.startsWith(`${prefix}?`) ? 'control' : undefined;
}

async function serveData(
  plane: Parameters<typeof serveSigned>[0],
  { place, misses }: { readonly place: Exclude<Place, 'control'>; readonly misses: MissCount },
  asked: DataRequest,
): Promise<void> {
  if (place !== 'signed') return serveSandbox(plane, place, asked);
  const address = asked.request.socket.remoteAddress ?? '';
  if (misses.isFull(address)) {
    const message = 'Too many addresses with a wrong signature were tried.';
    return answerError(asked.response, { status: 429, message, retryAfterSeconds: 10 });
  }
  if (await serveSigned(plane, asked)) return;
  misses.add(address);
  answerError(asked.response, { status: 401, message: 'The signature is wrong or expired.' });
}

function readTarget(request: IncomingMessage, response: ServerResponse): DataRequest {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const whole = mark < 0 ? url : url.slice(0, mark);
  const path = whole === prefix || whole.startsWith(`${prefix}/`) ? whole.slice(prefix.length) || '/' : whole;
  return { request, response, path, query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)) };
}

/** Somebody who leaves in the middle is no defect. */
function isLeaving(error: unknown): boolean {
  const codes = ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'ABORT_ERR', 'ERR_STREAM_DESTROYED', 'EPIPE'];
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
