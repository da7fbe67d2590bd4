import { callHost } from '../../dispatch/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { OwnedObject } from '../../storage/index.ts';
import { recorded } from './objects-facts.ts';
import { callForObject, hostForUpload, recordedHost } from './objects-hosts.ts';
import { listBody, pageOf } from './objects-page.ts';
import {
  jsonAnswer,
  type ObjectAnswer,
  type ObjectDeps,
  type ObjectHandler,
  type ObjectRequest,
} from './objects-request.ts';
import { type BatchInput, filePart, readBatchInput } from './objects-upload.ts';
import { readMultipartFields } from '../read-multipart.ts';
import { ownerOf } from '../responses/responses-record.ts';

const maxListedFiles = 10_000;

/** Passes an upload on to a host and records whose it is before anybody learns its id. */
export const uploadFile: ObjectHandler = async (request, deps) => {
  const input = batchInputOf(request);
  if (Fault.is(input)) return input;
  const host = hostForUpload(request, deps);
  if (Fault.is(host)) return host;
  if (deps.index.isFull) {
    return new Fault('shedding', { message: 'No further file can be recorded; delete some that are not needed.' });
  }
  const run = async (): Promise<ObjectAnswer | Fault> => {
    const call = { method: 'POST', path: '/files', body: request.bytes, contentType: request.contentType } as const;
    const made = await callForObject(call, host, deps);
    if (Fault.is(made)) return made;
    const { answer, body } = made;
    const { id } = body;
    if (typeof id !== 'string') return new Fault('upstream_malformed', { message: 'The host gave the file no id.' });
    const file = {
      kind: 'file',
      id,
      owner: ownerOf(request.key),
      host: host.id,
      createdAtMs: deps.clock.nowMs(),
    } as const;
    await deps.index.put({ ...file, body, ...input });
    return { contentType: 'application/json', body: answer.body, host };
  };
  return recorded(request, deps, { work: { operation: 'files', models: input?.models ?? [], host }, run });
};

/** Lists the key's own files as the hosts described them. */
export const listFiles: ObjectHandler = async (request, deps) => {
  const purpose = request.query.get('purpose');
  const own = deps.index
    .list(ownerOf(request.key), 'file')
    .filter(({ body }) => purpose === null || body['purpose'] === purpose);
  const query = new URLSearchParams(request.query);
  if (!query.has('limit')) query.set('limit', String(maxListedFiles));
  const page = pageOf(own, query, maxListedFiles);
  return Fault.is(page)
    ? page
    : jsonAnswer(
        listBody(
          page.items.map(({ body }) => body),
          page,
        ),
      );
};

/** Describes a file, in the host's words of now. */
export const retrieveFile: ObjectHandler = (request, deps) => relay(request, deps, { method: 'GET' });

/** Hands out a file's content, byte for byte. */
export const readFileContent: ObjectHandler = (request, deps) =>
  relay(request, deps, { method: 'GET', part: '/content' });

/** Deletes a file at its host, then forgets it. */
export const deleteFile: ObjectHandler = async (request, deps) => {
  const file = findFile(request, deps);
  if (Fault.is(file)) return file;
  const answer = await relay(request, deps, { method: 'DELETE' });
  const isGone = !Fault.is(answer) || answer.code === 'not_found';
  if (isGone) await deps.index.remove(file);
  return answer;
};

/** The key's own file of an id; to everybody else it does not exist. */
export function findFile(
  { key, id = '' }: Pick<ObjectRequest, 'key' | 'id'>,
  { index }: ObjectDeps,
): OwnedObject | Fault {
  const file = index.find(ownerOf(key), 'file', id);
  return file ?? new Fault('not_found', { message: `There is no file "${id.slice(0, 100)}" for this key.` });
}

async function relay(
  request: ObjectRequest,
  deps: ObjectDeps,
  { method, part = '' }: { readonly method: 'GET' | 'DELETE'; readonly part?: string },
): Promise<ObjectAnswer | Fault> {
  const file = findFile(request, deps);
  if (Fault.is(file)) return file;
  const host = recordedHost(file.host, deps);
  if (Fault.is(host)) return host;
  const answer = await callHost({ method, path: `/files/${encodeURIComponent(file.id)}${part}` }, host, deps.dispatch);
  if (Fault.is(answer)) return answer;
  const contentType = answer.headers['content-type'] ?? 'application/octet-stream';
  return { contentType, body: answer.body, host };
}

/** What a batch input would use; undefined for files of other purposes. */
function batchInputOf({ bytes, contentType }: ObjectRequest): BatchInput | undefined | Fault {
  if (!contentType.startsWith('multipart/form-data')) {
    return new Fault('invalid_request', { message: 'Send the file as multipart/form-data.' });
  }
  const fields = readMultipartFields(bytes, contentType);
  if (Fault.is(fields)) return fields;
  const content = filePart(bytes, contentType);
  if (!content) return new Fault('invalid_request', { message: 'The form has no file.', param: 'file' });
  return fields['purpose'] === 'batch' ? readBatchInput(content) : undefined;
}
