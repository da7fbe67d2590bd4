import { lookup as systemLookup } from 'node:dns';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import { guardedLookup } from '../../platform/address-guard.ts';
import type { Clock } from '../../platform/clock.ts';
import { ByteMeter } from './byte-meter.ts';
import type { EgressAudit } from './egress-audit.ts';
import type { EgressPolicy } from './egress-policy.ts';
import { type EgressJudgement, judgeEgress } from './judge-egress.ts';
import { outboundHeaders, securedUrl, withoutHops } from './outbound-headers.ts';

/** What a proxy is opened with. */
export interface EgressProxySettings {
  readonly policy: EgressPolicy;
  /** A unix socket, or port 0 on loopback for guests that know no sockets. */
  readonly listen: { readonly path: string } | { readonly port: number };
  readonly app: string;
  readonly version: string;
  readonly clock: Clock;
  /** Stands in for the system's resolver, for tests; the guard against addresses stays. */
  readonly resolve?: LookupFunction;
  /** Stands in for the guard, for tests that may only dial loopback. */
  readonly lookup?: LookupFunction;
  audit(entry: EgressAudit): void;
}

const maxConnections = 256;
const connectTimeoutMs = 10_000;

/** The only way out of a sandbox: what its policy names, at addresses that are checked when they are dialled. */
export class EgressProxy {
  readonly #settings: EgressProxySettings;
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #services: Agent;
  readonly #lookup: LookupFunction;
  readonly #tunnels = new Set<Duplex>();
  #bytes = 0;

  private constructor(settings: EgressProxySettings) {
    this.#settings = settings;
    this.#lookup = settings.lookup ?? guardedLookup({ allowPrivate: false }, settings.resolve ?? systemLookup);
    const shared = { connections: 32, headersTimeout: 0, bodyTimeout: 0 };
    this.#agent = new Agent({ ...shared, connect: { lookup: this.#lookup, timeout: connectTimeoutMs } });
    this.#services = new Agent(shared);
    // Who asks a proxy names the host in the target; some then leave out the header.
    const options = { requireHostHeader: false };
    this.#server = createServer(options, (request, response) => this.#take(request, response));
    this.#server.maxConnections = maxConnections;
    this.#server.on('connect', (request: IncomingMessage, socket: Duplex) => this.#tunnel(request, socket));
  }

  /** Opens a proxy and listens. */
  static async open(settings: EgressProxySettings): Promise<EgressProxy> {
    const proxy = new EgressProxy(settings);
    await new Promise<void>((resolve, reject) => {
      // It stays: an error of accepting, out of descriptors for one, must be heard.
      proxy.#server.on('error', reject);
      const where = 'path' in settings.listen ? settings.listen : { ...settings.listen, host: '127.0.0.1' };
      proxy.#server.listen(where, resolve);
    });
    return proxy;
  }

  /** Port of a proxy that listens on loopback. */
  get port(): number | undefined {
    const address = this.#server.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  async close(): Promise<void> {
    for (const tunnel of this.#tunnels) tunnel.destroy();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await Promise.all([this.#agent.destroy(), this.#services.destroy()]);
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const asked = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined;
    if (asked === undefined || !/^https?:$/.test(asked.protocol)) {
      return refuse(response, 400, 'The proxy takes requests with a whole URL of http or https.');
    }
    const url = securedUrl(this.#settings.policy, asked);
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    const destination = { host: url.hostname, port };
    const judgement = judgeEgress(this.#settings.policy, { ...destination, path: url.pathname });
    const entry = this.#entry(request, destination);
    if (judgement.kind === 'denied') {
      entry.end('denied', judgement.reason);
      request.resume();
      return refuse(response, 403, `Not allowed: ${judgement.reason}.`);
    }
    this.#forward({ request, response, url, judgement, entry });
  }

  #forward(call: ForwardedCall): void {
    const { request, response, url, judgement, entry } = call;
    const { policy } = this.#settings;
    const isService = judgement.kind === 'service';
    const hasBody = request.headers['content-length'] !== undefined || 'transfer-encoding' in request.headers;
    const cut = (): void => void response.destroy();
    const count = (bytes: number): void => this.#count(bytes, entry, cut);
    const body = hasBody ? request.pipe(new ByteMeter(policy.maxBytes, (bytes) => entry.send(bytes, count))) : null;
    if (body === null) request.resume();
    body?.on('error', cut);
    request.on('close', () => !request.complete && body?.destroy());
    const handler = new ForwardHandler(response, entry, isService ? 'a service of ours' : judgement.rule, count);
    response.on('close', () => handler.abandon());
    (isService ? this.#services : this.#agent).dispatch(
      {
        origin: isService ? judgement.service.origin : url.origin,
        path: url.pathname + url.search,
        method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
        headers: outboundHeaders(request.headers, { policy, url, isService }),
        body,
      },
      handler,
    );
  }

  /** A tunnel shows nothing but its host: no header is injected, and only what the policy names is dialled. */
  #tunnel(request: IncomingMessage, socket: Duplex): void {
    const url = URL.canParse(`https://${request.url ?? ''}`) ? new URL(`https://${request.url ?? ''}`) : undefined;
    const destination = { host: url?.hostname ?? '', port: Number(url?.port) || 443 };
    const judgement: EgressJudgement =
      url === undefined ? { kind: 'denied', reason: 'no host' } : judgeEgress(this.#settings.policy, destination);
    const entry = this.#entry(request, destination);
    socket.on('error', () => socket.destroy());
    if (judgement.kind !== 'allowed') {
      entry.end('denied', judgement.kind === 'denied' ? judgement.reason : 'services take no tunnels');
      return void socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    }
    const upstream = connect({ ...destination, lookup: this.#lookup, timeout: connectTimeoutMs });
    this.#join(socket, upstream, { entry, rule: judgement.rule });
  }

  #join(socket: Duplex, upstream: Socket, { entry, rule }: { entry: AuditEntry; rule: string }): void {
    this.#tunnels.add(socket);
    const end = (): void => {
      this.#tunnels.delete(socket);
      socket.destroy();
      upstream.destroy();
    };
    socket.on('close', end);
    upstream.on('close', end);
    upstream.on('timeout', end);
    upstream.on('error', (error) => entry.end('failed', error.message));
    upstream.on('connect', () => {
      upstream.setTimeout(0);
      entry.address = upstream.remoteAddress;
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.on('data', ({ length }: Buffer) => entry.send(length, (bytes) => this.#count(bytes, entry, end)));
      upstream.on('data', ({ length }: Buffer) => {
        entry.receivedBytes += length;
        this.#count(length, entry, end);
      });
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on('close', () => entry.end('allowed', rule));
  }

  #count(bytes: number, entry: AuditEntry, cut: () => void): void {
    this.#bytes += bytes;
    if (this.#bytes <= this.#settings.policy.maxBytes) return;
    entry.end('cut', `more than ${this.#settings.policy.maxBytes} bytes`);
    cut();
  }

  #entry({ method }: IncomingMessage, { host, port }: { host: string; port: number }): AuditEntry {
    const { app, version, clock, audit } = this.#settings;
    return new AuditEntry({ atMs: clock.nowMs(), app, version, method: method ?? '', host, port }, audit);
  }
}

interface ForwardedCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly judgement: Exclude<EgressJudgement, { readonly kind: 'denied' }>;
  readonly entry: AuditEntry;
}

/** One line of the audit log while it comes about; written once. */
class AuditEntry {
  address: string | undefined;
  status: number | undefined;
  sentBytes = 0;
  receivedBytes = 0;
  #isOver = false;
  readonly #facts: Pick<EgressAudit, 'atMs' | 'app' | 'version' | 'method' | 'host' | 'port'>;
  readonly #audit: (entry: EgressAudit) => void;

  constructor(
    facts: Pick<EgressAudit, 'atMs' | 'app' | 'version' | 'method' | 'host' | 'port'>,
    audit: (entry: EgressAudit) => void,
  ) {
    this.#facts = facts;
    this.#audit = audit;
  }

  send(bytes: number, count: (bytes: number) => void): void {
    this.sentBytes += bytes;
    count(bytes);
  }

  end(verdict: EgressAudit['verdict'], reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { address, status, sentBytes, receivedBytes } = this;
    this.#audit({ ...this.#facts, verdict, reason, address, status, sentBytes, receivedBytes });
  }
}

/** Hands the answer of a host to the guest as it comes, no faster than the guest takes it. */
class ForwardHandler implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  readonly #entry: AuditEntry;
  readonly #rule: string;
  readonly #count: (bytes: number) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #isOver = false;

  // oxlint-disable-next-line max-params -- the parts of one call
  constructor(response: ServerResponse, entry: AuditEntry, rule: string, count: (bytes: number) => void) {
    this.#response = response;
    this.#entry = entry;
    this.#rule = rule;
    this.#count = count;
  }

  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#entry.end('cut', 'the guest left');
    this.#controller?.abort(new Error('the guest left'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error('the guest left'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#isOver) return;
    this.#entry.status = status;
    this.#response.on('drain', () => controller.resume());
    this.#response.writeHead(status, withoutHops(headers));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    this.#entry.receivedBytes += chunk.length;
    this.#count(chunk.length);
    if (!this.#response.write(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#entry.end('allowed', this.#rule);
    this.#response.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const isRefused = 'code' in error && error.code === 'ERR_ADDRESS_REFUSED';
    this.#entry.end(isRefused ? 'denied' : 'failed', error.message);
    if (this.#response.headersSent) return void this.#response.destroy();
    refuse(this.#response, isRefused ? 403 : 502, isRefused ? 'Not allowed: the address.' : 'The host did not answer.');
  }
}

function refuse(response: ServerResponse, status: number, detail: string): void {
  if (response.headersSent) return void response.destroy();
  const body = JSON.stringify({ code: status === 403 ? 'egress_denied' : 'egress_failed', detail });
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
