import type { Config } from '../../config/index.ts';
import type { DispatchResult } from '../../dispatch/index.ts';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import {
  isObject,
  type RequestHead,
  replayInput,
  responseOfTerminalEvent,
  type StoredResponse,
  storedResponseOf,
} from '../../protocols/index.ts';
import type { ResponseStore } from '../../storage/index.ts';
import type { Key } from '../../tenants/index.ts';
import type { Choice } from '../choice/choose.ts';
import type { Received } from '../received.ts';
import { issuerOf, ownerOf, parseRecord, type ResponseRecord, toTurn } from './responses-record.ts';

/** A request as read, with what is to be sent for it. */
export interface ReadRequest {
  /** What goes to upstreams. */
  readonly body: JsonObject;
  readonly bytes: Buffer;
  readonly head: RequestHead;
  /** What the client said; answers echo it. */
  readonly asked: JsonObject;
  /** Version of the prompt that it holds besides. */
  readonly told?: string | undefined;
}

/** A request that continues a stored response, made ready for its candidates. */
export interface Resumed {
  readonly request: ReadRequest;
  readonly choice: Choice;
}

/** What stored responses need of the product. */
export interface ResponsesStateDeps {
  readonly store: ResponseStore;
  config(): Config;
  /** Does the endpoint speak the Responses dialect itself? */
  speaksResponses(endpoint: Endpoint): boolean;
}

const maxTurns = 1000;

/** Remembers answered Responses requests, so that `previous_response_id` works over upstreams that remember nothing. */
export class ResponsesState {
  readonly #deps: ResponsesStateDeps;

  constructor(deps: ResponsesStateDeps) {
    this.#deps = deps;
  }

  /**
   * Makes a request that names an earlier response answerable: by the account that issued it and still has it, else by
   * upstreams without state, which get the whole conversation. An id never goes to an account that did not issue it.
   */
  async resume(
    received: Received,
    request: ReadRequest,
    choose: (head: RequestHead) => Choice | Fault,
  ): Promise<Resumed | Fault> {
    const { previousResponseId = '' } = request.head;
    const refused = this.#refusal(received.key);
    if (refused !== undefined) return unknownResponse(previousResponseId, refused);
    const last = await this.find(received.key, previousResponseId);
    if (!last) return unknownResponse(previousResponseId, 'There is no such response for this key.');
    if (last.isKeptByIssuer) {
      const choice = choose(request.head);
      if (Fault.is(choice)) return choice;
      const issuing = choice.decision.ranked.filter(
        (one) => this.#deps.speaksResponses(one) && issuerOf(one.host) === last.issuer,
      );
      const reason = `continues ${previousResponseId} where it was issued`;
      if (issuing.length > 0)
        return { request: { ...request, told: last.prompt }, choice: narrowed(choice, issuing, reason) };
    }
    return this.#replay(received, { request, last, choose });
  }

  /** Keeps an answered request, unless the client, the key or the configuration forbids it. Never waits for the disk. */
  keep(received: Received, { asked, told }: ReadRequest, result: DispatchResult): void {
    if (received.inbound.dialect !== 'openai-responses' || received.route.operation !== 'generate') return;
    if (result.status !== 'completed' || this.#refusal(received.key) !== undefined) return;
    const body = responseOf(result);
    const turn = body && storedResponseOf(asked, body);
    if (!body || !turn) return;
    const issuer = result.passedThrough && result.endpoint ? issuerOf(result.endpoint.host) : undefined;
    this.save(received.key, {
      version: 1,
      ...(turn.previousResponseId !== undefined && { previousResponseId: turn.previousResponseId }),
      input: turn.input,
      body,
      ...(issuer !== undefined && { issuer }),
      ...(told !== undefined && { prompt: told }),
      // Many hosts speak the dialect and remember nothing; those that do say so.
      isKeptByIssuer: issuer !== undefined && body['store'] === true,
    });
  }

  /** Finds a response of a key. */
  async find(key: Key, id: string): Promise<ResponseRecord | undefined> {
    const text = await this.#deps.store.get(ownerOf(key), id);
    return text === undefined ? undefined : parseRecord(text);
  }

  /** Keeps a record as it is. */
  save(key: Key, record: ResponseRecord): void {
    this.#deps.store.put(ownerOf(key), toTurn(record).id, JSON.stringify(record));
  }

  /** Forgets a response of a key. */
  async forget(key: Key, id: string): Promise<void> {
    await this.#deps.store.delete(ownerOf(key), id);
  }

  /**
   * The turns up to a response, oldest first; undefined when one of them is gone, `too_large` as soon as they cannot
   * fit into a request: whole conversations are never gathered only to be refused.
   */
  async history(key: Key, last: ResponseRecord): Promise<readonly ResponseRecord[] | undefined | Fault> {
    const newestFirst = [last];
    let leftBytes = this.#deps.config().server.maxBodyBytes - sizeOf(last);
    for (let id = last.previousResponseId; id !== undefined; id = newestFirst.at(-1)?.previousResponseId) {
      const record = newestFirst.length < maxTurns ? await this.find(key, id) : undefined;
      if (!record) return undefined;
      leftBytes -= sizeOf(record);
      if (leftBytes < 0) return this.#tooLarge();
      newestFirst.push(record);
    }
    return newestFirst.toReversed();
  }

  async #replay(
    received: Received,
    {
      request,
      last,
      choose,
    }: { request: ReadRequest; last: ResponseRecord; choose(head: RequestHead): Choice | Fault },
  ): Promise<Resumed | Fault> {
    const { previousResponseId = '' } = request.head;
    const records = await this.history(received.key, last);
    if (Fault.is(records)) return records;
    if (!records)
      return unknownResponse(previousResponseId, 'An earlier turn of its conversation is no longer stored.');
    const whole = this.#whole(received, request, records.map(toTurn));
    if (Fault.is(whole)) return whole;
    const choice = choose(whole.head);
    if (Fault.is(choice)) return choice;
    const { ranked } = choice.decision;
    const candidates = last.isKeptByIssuer ? ranked.filter((one) => !this.#deps.speaksResponses(one)) : ranked;
    if (candidates.length === 0) {
      const message = 'It was issued by an account that this model does not reach any more.';
      return unknownResponse(previousResponseId, message);
    }
    const chosen = narrowed(choice, candidates, `replays ${records.length} stored turns`);
    const turns = records.map((record) => withoutForeignReasoning(record, candidates));
    const sent = this.#whole(received, request, turns);
    return Fault.is(sent) ? sent : { request: sent, choice: chosen };
  }

  /** The request with the conversation in place of the reference to it. */
  #whole(received: Received, request: ReadRequest, turns: readonly StoredResponse[]): ReadRequest | Fault {
    const body = replayInput(turns, request.asked);
    if (Fault.is(body)) return body;
    const head = received.inbound.readHead(body, received.route);
    if (Fault.is(head)) return head;
    const bytes = Buffer.from(JSON.stringify(body));
    const { maxBodyBytes } = this.#deps.config().server;
    return bytes.length <= maxBodyBytes ? { ...request, body, bytes, head } : this.#tooLarge();
  }

  #tooLarge(): Fault {
    const { maxBodyBytes } = this.#deps.config().server;
    return new Fault('too_large', { message: `The conversation exceeds the limit of ${maxBodyBytes} bytes.` });
  }

  #refusal(key: Key): string | undefined {
    if (!this.#deps.config().responses.store) return 'Storing responses is turned off (responses.store: false).';
    if (!key.storeResponses)
      return `Storing responses is turned off for the key "${key.name}" (storeResponses: false).`;
    return undefined;
  }
}

/** What a turn adds to a replayed request. */
function sizeOf(record: ResponseRecord): number {
  const { input, output } = toTurn(record);
  return Buffer.byteLength(JSON.stringify(input)) + Buffer.byteLength(JSON.stringify(output));
}

function unknownResponse(id: string, reason: string): Fault {
  const message = `previous_response_id "${id.slice(0, 100)}" cannot be continued. ${reason} Send the whole conversation as input instead.`;
  return new Fault('response_unknown', { message, param: 'previous_response_id' });
}

function narrowed(choice: Choice, ranked: readonly Endpoint[], reason: string): Choice {
  const { decision } = choice;
  return { ...choice, decision: { ...decision, ranked, reasons: [...decision.reasons, reason] } };
}

/** Encrypted reasoning opens only in the account that issued it. */
function withoutForeignReasoning(record: ResponseRecord, candidates: readonly Endpoint[]): StoredResponse {
  const turn = toTurn(record);
  const { issuer } = record;
  if (issuer === undefined || candidates.every(({ host }) => issuerOf(host) === issuer)) return turn;
  return { ...turn, output: turn.output.filter((item) => !isObject(item) || item['type'] !== 'reasoning') };
}

/** The response as the client got it, whole or at the end of its stream. */
function responseOf({ answer, closing }: DispatchResult): JsonObject | undefined {
  if (!answer) return closing === undefined ? undefined : responseOfTerminalEvent(Buffer.from(closing));
  try {
    const value: unknown = JSON.parse(answer.body.toString());
    return isObject(value) ? value : undefined;
  } catch {
    // Dispatch has read it as JSON before: this does not happen.
    return undefined;
  }
}
