import { setTimeout as wait } from 'node:timers/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** What the fake keeps of a call that it accepted. */
export interface StripeCall {
  readonly path: string;
  readonly fields: URLSearchParams;
  readonly idempotencyKey: string | undefined;
}

interface InvoiceItem {
  readonly id: string;
  readonly customer: string;
  readonly created: number;
  readonly metadata: { readonly switchyard_event: string };
}

const dayMs = 24 * 3_600_000;

/**
 * Stripe as far as it matters here: identifiers of meter events are unique for 24 hours, older events are refused, and
 * an idempotency key gives its first answer again for as long, or an error when it comes with other fields.
 */
export class FakeStripe {
  readonly accepted: StripeCall[] = [];
  readonly identifiers = new Map<string, number>();
  /** Answers to give instead: `down` closes the connection, `lost` does the work and closes it then. */
  readonly script: ('down' | 'lost')[] = [];
  isDown = false;
  /** How long it thinks about each call. */
  answerAfterMs = 0;
  readonly mostAtOnce = new MostAtOnce();
  #host: { protocol: 'http'; host: string; port: number } | undefined;
  readonly #server: Server;
  readonly #answers = new Map<string, { fields: string; status: number; body: string; atMs: number }>();
  readonly #items: InvoiceItem[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async start(): Promise<{ protocol: 'http'; host: string; port: number }> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The server has no address.');
    this.#host = { protocol: 'http', host: '127.0.0.1', port: address.port };
    return this.#host;
  }

  /** Where it is reached, for a second client. */
  get host(): { protocol: 'http'; host: string; port: number } {
    if (!this.#host) throw new Error('It is started first.');
    return this.#host;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Items that others made for a customer. */
  addForeignItems(customer: string, count: number): void {
    const created = Math.floor(this.#nowMs() / 1000);
    for (let index = 0; index < count; index += 1) {
      const id = `ii_${this.#items.length + 1}`;
      this.#items.unshift({ id, customer, created, metadata: { switchyard_event: '' } });
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const step = this.script.shift();
    if (this.isDown || step === 'down') {
      request.socket.destroy();
      return;
    }
    const header = request.headers['idempotency-key'];
    const idempotencyKey = typeof header === 'string' ? header : undefined;
    const customer = new URLSearchParams(text).get('payload[stripe_customer_id]') ?? '';
    this.mostAtOnce.enter(customer);
    if (this.answerAfterMs > 0) await wait(this.answerAfterMs);
    this.mostAtOnce.leave(customer);
    const answer =
      request.method === 'GET' ? this.#list(request.url ?? '') : this.#work(request.url ?? '', text, idempotencyKey);
    if (step === 'lost') {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  }

  #work(path: string, text: string, idempotencyKey: string | undefined): { status: number; body: string } {
    const given = idempotencyKey === undefined ? undefined : this.#answers.get(idempotencyKey);
    const known = given && this.#nowMs() - given.atMs < dayMs ? given : undefined;
    if (known && known.fields !== text)
      return refusal('Keys for idempotent requests can only be used with the same parameters.');
    if (known) return known;
    const fields = new URLSearchParams(text);
    const answer = path === '/v1/billing/meter_events' ? this.#meterEvent(fields) : this.#item(fields);
    if (answer.status === 200) this.accepted.push({ path, fields, idempotencyKey });
    if (idempotencyKey !== undefined)
      this.#answers.set(idempotencyKey, { fields: text, ...answer, atMs: this.#nowMs() });
    return answer;
  }

  #item(fields: URLSearchParams): { status: number; body: string } {
    const item: InvoiceItem = {
      id: `ii_${this.#items.length + 1}`,
      customer: fields.get('customer') ?? '',
      created: Math.floor(this.#nowMs() / 1000),
      metadata: { switchyard_event: fields.get('metadata[switchyard_event]') ?? '' },
    };
    this.#items.unshift(item);
    return { status: 200, body: JSON.stringify(item) };
  }

  /** Newest first, in pages. */
  #list(path: string): { status: number; body: string } {
    const query = new URL(path, 'http://stripe').searchParams;
    const after = query.get('starting_after');
    const own = this.#items.filter(
      ({ customer, created }) =>
        customer === query.get('customer') && created >= Number(query.get('created[gte]') ?? 0),
    );
    const from = after === null ? 0 : own.findIndex(({ id }) => id === after) + 1;
    const limit = Number(query.get('limit') ?? 10);
    const page = { object: 'list', data: own.slice(from, from + limit), has_more: own.length > from + limit };
    return { status: 200, body: JSON.stringify(page) };
  }

  #meterEvent(fields: URLSearchParams): { status: number; body: string } {
    const identifier = fields.get('identifier') ?? '';
    const seenMs = this.identifiers.get(identifier);
    if (identifier === '') return refusal('No identifier was given.');
    if (seenMs !== undefined && this.#nowMs() - seenMs < dayMs) {
      return refusal(`An event already exists with identifier ${identifier}.`);
    }
    if (this.#nowMs() - Number(fields.get('timestamp')) * 1000 > dayMs)
      return refusal('The timestamp is too far in the past.');
    this.identifiers.set(identifier, this.#nowMs());
    return { status: 200, body: JSON.stringify({ object: 'billing.meter_event', identifier }) };
  }
}

/** How many calls were answered at the same time. */
class MostAtOnce {
  ofAll = 0;
  readonly #most = new Map<string, number>();
  readonly #now = new Map<string, number>();

  of(customer: string): number {
    return this.#most.get(customer) ?? 0;
  }

  enter(customer: string): void {
    const now = (this.#now.get(customer) ?? 0) + 1;
    this.#now.set(customer, now);
    this.#most.set(customer, Math.max(now, this.of(customer)));
    this.ofAll = Math.max(
      this.ofAll,
      [...this.#now.values()].reduce((sum, count) => sum + count, 0),
    );
  }

  leave(customer: string): void {
    this.#now.set(customer, (this.#now.get(customer) ?? 0) - 1);
  }
}

function refusal(message: string): { status: number; body: string } {
  return { status: 400, body: JSON.stringify({ error: { type: 'invalid_request_error', message } }) };
}
