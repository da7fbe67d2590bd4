import type { ClientSink } from '../../dispatch/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { headerText, requestHeaders } from '../answers/answer-headers.ts';
import { refuse } from '../answers/send-answer.ts';
import { spenderOfKey } from './batch-accounts.ts';
import { faultOfDefect } from '../answers/fault-of-defect.ts';
import { cancelBatch, createBatch, listBatches, quoteBatch, retrieveBatch } from './objects-batches.ts';
import { deleteFile, listFiles, readFileContent, retrieveFile, uploadFile } from './objects-files.ts';
import type { ObjectAnswer, ObjectDeps, ObjectHandler, ObjectRequest } from './objects-request.ts';
import { cancelResponse, deleteResponse, listResponseInput, retrieveResponse } from '../responses/responses-objects.ts';

const handlers: { readonly [route: string]: { readonly [method: string]: ObjectHandler } } = {
  files: { GET: listFiles, POST: uploadFile },
  'files/{id}': { GET: retrieveFile, DELETE: deleteFile },
  'files/{id}/content': { GET: readFileContent },
  batches: { GET: listBatches, POST: createBatch },
  'batches/{id}': { GET: retrieveBatch },
  'batches/{id}/cancel': { POST: cancelBatch },
  'responses/{id}': { GET: retrieveResponse, DELETE: deleteResponse },
  'responses/{id}/input_items': { GET: listResponseInput },
  'responses/{id}/cancel': { POST: cancelResponse },
};

/**
 * Answers requests about objects that outlive a request: files, batches and stored responses. Each belongs to the key
 * that made it and lives at one host; to every other key it does not exist.
 */
export class ObjectGateway {
  readonly #deps: ObjectDeps;
  readonly #running = new Set<Promise<void>>();

  constructor(deps: ObjectDeps) {
    this.#deps = deps;
  }

  /** Resolves when no request is in flight and every record is on disk. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await this.#deps.index.settled();
  }

  handle(request: ObjectRequest, sink: ClientSink): Promise<void> {
    const running = this.#handle(request, sink).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  async #handle(request: ObjectRequest, sink: ClientSink): Promise<void> {
    const answer = await this.#answer(request).catch((error: unknown) => {
      this.#deps.logger.error({ err: error, requestId: request.requestId }, 'defect while handling an object');
      return faultOfDefect(error);
    });
    if (Fault.is(answer)) {
      // What a host had to say is no refusal of ours.
      if (answer.kind.blame !== 'upstream') this.#deps.board.refuse(answer.code);
      return refuse(request, sink, answer);
    }
    if (sink.gone) return;
    sink.start(200, {
      ...requestHeaders(request.requestId),
      'content-type': headerText(answer.contentType),
      ...(answer.host && { 'x-switchyard-host': answer.host.id }),
    });
    sink.end(answer.body);
  }

  async #answer(request: ObjectRequest): Promise<ObjectAnswer | Fault> {
    const { collection, id, action, method } = request;
    const route = collection + (id === undefined ? '' : '/{id}') + (action === undefined ? '' : `/${action}`);
    const methods = Object.hasOwn(handlers, route) ? handlers[route] : undefined;
    if (!methods) return new Fault('not_found', { message: `There is no route /${route}.` });
    const handler = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (!handler) {
      const names = Object.keys(methods);
      return new Fault('method_not_allowed', { message: `Use ${names.join(' or ')}.`, allow: names.join(', ') });
    }
    const amountNanos = handler === createBatch ? quoteBatch(request, this.#deps) : 0n;
    if (Fault.is(amountNanos)) return amountNanos;
    const hold = await this.#deps.money.gate.admit({
      exchangeId: request.requestId,
      spender: spenderOfKey(request.key),
      amountNanos,
      tokensEstimate: 0,
      atMs: this.#deps.clock.nowMs(),
    });
    if (Fault.is(hold)) return hold;
    let isKept = false;
    try {
      const answer = await handler(request, this.#deps, hold);
      isKept = !Fault.is(answer) && answer.keepsHold === true;
      return answer;
    } finally {
      if (!isKept) hold.release();
    }
  }
}
