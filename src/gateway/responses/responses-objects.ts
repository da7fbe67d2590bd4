import type { Host } from '../../domain/calls/endpoint.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { callForObject } from '../objects/objects-hosts.ts';
import { listBody, pageOf } from '../objects/objects-page.ts';
import {
  jsonAnswer,
  type ObjectAnswer,
  type ObjectDeps,
  type ObjectHandler,
  type ObjectRequest,
} from '../objects/objects-request.ts';
import { listInputItems } from './responses-items.ts';
import { issuerOf, type ResponseRecord } from './responses-record.ts';

const maxListedItems = 100;
const runningStates: ReadonlySet<unknown> = new Set(['queued', 'in_progress']);

/** Shows a stored response; one that runs in the background is asked for at its issuer. */
export const retrieveResponse: ObjectHandler = async (request, deps) => {
  if (request.query.get('stream') === 'true') {
    const message = 'A stored response cannot be streamed again; retrieve it without stream.';
    return new Fault('unsupported_feature', { message, param: 'stream' });
  }
  const record = await find(request, deps);
  if (Fault.is(record)) return record;
  return isRunning(record)
    ? refresh(request, deps, { record, call: { method: 'GET', part: '' } })
    : jsonAnswer(record.body);
};

/** Deletes a stored response, at its issuer too. */
export const deleteResponse: ObjectHandler = async (request, deps) => {
  const { key, id = '' } = request;
  const record = await find(request, deps);
  if (Fault.is(record)) return record;
  const host = record.isKeptByIssuer ? issuingHost(record, deps) : undefined;
  if (host) {
    const gone = await callForObject({ method: 'DELETE', path: pathOf(id) }, host, deps);
    if (Fault.is(gone) && gone.code !== 'not_found') return gone;
  }
  await deps.responses.forget(key, id);
  return jsonAnswer({ id, object: 'response', deleted: true });
};

/** Lists what a response was made from. */
export const listResponseInput: ObjectHandler = async (request, deps) => {
  const record = await find(request, deps);
  if (Fault.is(record)) return record;
  const history = (await deps.responses.history(request.key, record)) ?? [record];
  if (Fault.is(history)) return history;
  const page = pageOf(listInputItems(history).toReversed(), request.query, maxListedItems);
  return Fault.is(page) ? page : jsonAnswer(listBody(page.items, page));
};

/** Stops a response that runs in the background. */
export const cancelResponse: ObjectHandler = async (request, deps) => {
  const record = await find(request, deps);
  if (Fault.is(record)) return record;
  if (record.body['background'] === true) {
    if (isRunning(record)) return refresh(request, deps, { record, call: { method: 'POST', part: '/cancel' } });
    return jsonAnswer(record.body);
  }
  return new Fault('invalid_request', { message: 'Only a response that runs in the background can be cancelled.' });
};

async function find({ key, id = '' }: ObjectRequest, { responses }: ObjectDeps): Promise<ResponseRecord | Fault> {
  const record = await responses.find(key, id);
  return record ?? new Fault('not_found', { message: `There is no response "${id.slice(0, 100)}" for this key.` });
}

function isRunning({ body, isKeptByIssuer }: ResponseRecord): boolean {
  return isKeptByIssuer && runningStates.has(body['status']);
}

/** Asks the issuer, and keeps what it says. */
async function refresh(
  { key, id = '' }: ObjectRequest,
  deps: ObjectDeps,
  { record, call }: { record: ResponseRecord; call: { readonly method: 'GET' | 'POST'; readonly part: string } },
): Promise<ObjectAnswer | Fault> {
  const host = issuingHost(record, deps);
  if (!host)
    return new Fault('no_candidate', { message: 'The account that runs this response is not configured any more.' });
  const seen = await callForObject({ method: call.method, path: pathOf(id) + call.part }, host, deps);
  if (Fault.is(seen)) return seen;
  deps.responses.save(key, { ...record, body: withId(seen.body, id) });
  return { contentType: 'application/json', body: seen.answer.body, host };
}

function issuingHost({ issuer }: ResponseRecord, { settings }: ObjectDeps): Host | undefined {
  return settings()
    .catalog.hosts()
    .find((host) => issuerOf(host) === issuer);
}

/** The record stays under the id that the client knows. */
function withId(body: JsonObject, id: string): JsonObject {
  return { ...body, id };
}

function pathOf(id: string): string {
  return `/responses/${encodeURIComponent(id)}`;
}
