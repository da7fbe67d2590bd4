import { type IncomingMessage, request as send, type ServerResponse } from 'node:http';
import { connectPort, type LiveSandbox } from '../../runtime/index.ts';
import { acceptBody } from '../accept-body.ts';
import { answerError } from './wire-answers.ts';

/** Headers that are between the client and us. */
const ownHeaders = ['x-access-token', 'e2b-traffic-access-token', 'e2b-sandbox-id', 'e2b-sandbox-port', 'x-api-key'];
const hops = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'upgrade',
  'expect',
];
const mostConnections = 32;
const answerMs = 300_000;

/** Carries requests to programs that listen inside sandboxes. */
export class PortForwarder {
  readonly #open = new WeakMap<LiveSandbox, number>();

  /** Hands one request to a port of the sandbox and its answer back, as they come. */
  async forward(
    sandbox: LiveSandbox,
    port: number,
    { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  ): Promise<void> {
    const count = this.#open.get(sandbox) ?? 0;
    if (count >= mostConnections) {
      const message = 'Too many connections to the sandbox are open.';
      return answerError(response, { status: 503, message, retryAfterSeconds: 1 });
    }
    this.#open.set(sandbox, count + 1);
    try {
      await carry(sandbox, port, { request, response });
    } finally {
      this.#open.set(sandbox, (this.#open.get(sandbox) ?? 1) - 1);
    }
  }
}

async function carry(
  sandbox: LiveSandbox,
  port: number,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  const connection = await sandbox
    .boot()
    .then(
      (machine) => connectPort(machine, port),
      () => undefined,
    )
    .catch(() => undefined);
  if (!connection) {
    const message = `The sandbox runs, but nothing listens on its port ${port}.`;
    return answerError(response, { status: 502, message, retryAfterSeconds: 1 });
  }
  acceptBody(request, response);
  await new Promise<void>((resolve) => {
    const outgoing = send({
      createConnection: () => connection,
      method: request.method,
      path: request.url,
      headers: headersFor(request),
      timeout: answerMs,
    });
    const end = (): void => {
      connection.destroy();
      resolve();
    };
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', () => {
      answerError(response, { status: 502, message: `The program on port ${port} did not answer.` });
      end();
    });
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, headersBack(answer));
      answer.on('error', () => response.destroy());
      answer.on('aborted', () => response.destroy());
      answer.pipe(response);
    });
    response.on('close', () => {
      outgoing.destroy();
      end();
    });
    request.pipe(outgoing);
  });
}

function headersFor({ headers }: IncomingMessage): Record<string, string | string[]> {
  const sent = without(headers, [...ownHeaders, ...hops]);
  sent['connection'] = 'close';
  return sent;
}

function headersBack({ headers }: IncomingMessage): Record<string, string | string[]> {
  return without(headers, [...hops, 'transfer-encoding']);
}

function without(headers: IncomingMessage['headers'], names: readonly string[]): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(([name, value]) => value !== undefined && !names.includes(name));
  return Object.fromEntries(kept) as Record<string, string | string[]>;
}
