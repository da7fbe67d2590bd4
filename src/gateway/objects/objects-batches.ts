import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { ObjectKind, OwnedObject } from '../../storage/index.ts';
import { holdForBatch, spenderOfKey } from './batch-accounts.ts';
import { recorded } from './objects-facts.ts';
import { findFile } from './objects-files.ts';
import { callForObject, mayUseModelAt, recordedHost } from './objects-hosts.ts';
import { listBody, pageOf } from './objects-page.ts';
import {
  jsonAnswer,
  type ObjectAnswer,
  type ObjectDeps,
  type ObjectHandler,
  type ObjectRequest,
} from './objects-request.ts';
import { parseBody } from '../parse-body.ts';
import { ownerOf } from '../responses/responses-record.ts';

const maxListedBatches = 100;
const finalStates: ReadonlySet<unknown> = new Set(['completed', 'failed', 'expired', 'cancelled']);
const resultFields = ['output_file_id', 'error_file_id'] as const;

/** Starts a batch at the host that keeps its input, if the key may use every model that the rows name. */
export const createBatch: ObjectHandler = async (request, deps, hold) => {
  const { catalog } = deps.settings();
  const file = inputOf(request, deps);
  if (Fault.is(file)) return file;
  const { models } = file;
  if (!models) {
    const message = 'The input file was not uploaded with the purpose "batch".';
    return new Fault('invalid_request', { message, param: 'input_file_id' });
  }
  const host = recordedHost(file.host, deps);
  if (Fault.is(host)) return host;
  const foreign = models.find((upstreamModel) => !mayUseModelAt(request.key, { host, upstreamModel }, catalog));
  if (foreign !== undefined) {
    const message = `The key "${request.key.name}" may not use the model "${foreign.slice(0, 200)}" at the host "${host.id}", which a row of the input names.`;
    return new Fault('not_allowed', { message, param: 'input_file_id' });
  }
  const unknown = file.fileIds?.find((id) => deps.index.find(file.owner, 'file', id)?.host !== host.id);
  if (unknown !== undefined) {
    const message = `There is no file "${unknown.slice(0, 100)}" for this key at the host "${host.id}", which a row of the input names.`;
    return new Fault('not_found', { message, param: 'input_file_id' });
  }
  if (deps.index.isFull) return new Fault('shedding', { message: 'No further batch can be recorded.' });
  const run = async (): Promise<ObjectAnswer | Fault> => {
    const made = await callForObject({ method: 'POST', path: '/batches', body: request.bytes }, host, deps);
    if (Fault.is(made)) return made;
    const { answer, body } = made;
    const { id } = body;
    if (typeof id !== 'string') return new Fault('upstream_malformed', { message: 'The host gave the batch no id.' });
    const keepsHold = hold.amountNanos > 0n;
    const batch: OwnedObject = {
      kind: 'batch',
      id,
      owner: file.owner,
      host: host.id,
      createdAtMs: deps.clock.nowMs(),
      body,
      models,
      spender: spenderOfKey(request.key),
      ...(keepsHold && { heldNanos: hold.amountNanos.toString() }),
    };
    if (keepsHold) deps.batches.keep(batch, hold);
    await note(batch, body, deps);
    return { contentType: 'application/json', body: answer.body, host, keepsHold };
  };
  return recorded(request, deps, { work: { operation: 'batches', models, host }, run });
};

/** What must be held before a batch starts; what is wrong with the request is for its handler to say. */
export function quoteBatch(request: ObjectRequest, deps: ObjectDeps): bigint | Fault {
  const file = inputOf(request, deps);
  return Fault.is(file) || !file.models ? 0n : holdForBatch(file, request.key, deps);
}

function inputOf(request: ObjectRequest, deps: ObjectDeps): OwnedObject | Fault {
  const asked = parseBody(request.bytes, deps.settings().config.server.maxJsonDepth);
  if (Fault.is(asked)) return asked;
  const inputId = asked['input_file_id'];
  if (typeof inputId !== 'string') {
    return new Fault('invalid_request', { message: 'input_file_id is required.', param: 'input_file_id' });
  }
  return findFile({ key: request.key, id: inputId }, deps);
}

/** Tells how far a batch is. */
export const retrieveBatch: ObjectHandler = (request, deps) => relay(request, deps, { method: 'GET', part: '' });

/** Asks the host to stop a batch. */
export const cancelBatch: ObjectHandler = (request, deps) => relay(request, deps, { method: 'POST', part: '/cancel' });

/** Lists the key's own batches; those that may have moved on are asked for anew. */
export const listBatches: ObjectHandler = async (request, deps) => {
  const page = pageOf(deps.index.list(ownerOf(request.key), 'batch'), request.query, maxListedBatches);
  if (Fault.is(page)) return page;
  const data = await Promise.all(page.items.map((batch) => current(batch, deps)));
  return jsonAnswer(listBody(data, page));
};

/** A batch as it is now; as we last saw it when its host cannot be asked. */
async function current(batch: OwnedObject, deps: ObjectDeps): Promise<object> {
  if (finalStates.has(batch.body['status'])) return batch.body;
  const answer = await ask(batch, deps, { method: 'GET', part: '' });
  return Fault.is(answer) ? batch.body : answer.seen;
}

async function relay(
  request: ObjectRequest,
  deps: ObjectDeps,
  how: { readonly method: 'GET' | 'POST'; readonly part: string },
): Promise<ObjectAnswer | Fault> {
  const { key, id = '' } = request;
  const batch = deps.index.find(ownerOf(key), 'batch', id);
  if (!batch) return new Fault('not_found', { message: `There is no batch "${id.slice(0, 100)}" for this key.` });
  return ask(batch, deps, how);
}

async function ask(
  batch: OwnedObject,
  deps: ObjectDeps,
  { method, part }: { readonly method: 'GET' | 'POST'; readonly part: string },
): Promise<(ObjectAnswer & { readonly seen: JsonObject }) | Fault> {
  const host = recordedHost(batch.host, deps);
  if (Fault.is(host)) return host;
  const path = `/batches/${encodeURIComponent(batch.id)}${part}`;
  const seen = await callForObject({ method, path }, host, deps);
  if (Fault.is(seen)) return seen;
  await note(batch, seen.body, deps);
  return { contentType: 'application/json', body: seen.answer.body, host, seen: seen.body };
}

/** Records what was seen of a batch: its state, the files that it made, and once it has ended what it used. */
async function note(batch: OwnedObject, body: JsonObject, deps: ObjectDeps): Promise<void> {
  // Another request may have seen it in the meantime.
  const known = deps.index.find(batch.owner, 'batch', batch.id) ?? batch;
  const writes = resultFields.flatMap((field) => {
    const id = body[field];
    if (typeof id !== 'string' || deps.index.find(batch.owner, 'file', id)) return [];
    const described = { id, object: 'file', purpose: 'batch_output', created_at: body['completed_at'] ?? null };
    return [deps.index.put(resultOf(batch, { id, body: described, nowMs: deps.clock.nowMs() }))];
  });
  writes.push(deps.index.put({ ...known, body }));
  await Promise.all(writes);
  if (finalStates.has(body['status']) && known.settled !== true) await deps.batches.settle(batch, deps);
}

function resultOf(batch: OwnedObject, file: { id: string; body: JsonObject; nowMs: number }): OwnedObject {
  const kind: ObjectKind = 'file';
  return { kind, id: file.id, owner: batch.owner, host: batch.host, createdAtMs: file.nowMs, body: file.body };
}
