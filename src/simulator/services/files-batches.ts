import type { JsonObject } from '../../domain/calls/model-call.ts';
import { asText } from '../json.ts';
import { multipartField } from './media.ts';
import type { ServiceAnswer, ServiceCall } from './service.ts';
import { notFound, okJson } from './service.ts';

interface StoredFile {
  readonly object: JsonObject;
  readonly content: Buffer;
}

/** Files and batches kept in memory; the oldest goes when the shelf is full. */
export interface FileShelf {
  answerFiles(call: ServiceCall): ServiceAnswer;
  answerBatches(call: ServiceCall): ServiceAnswer;
  clear(): void;
}

const maxObjects = 1_000;

/** An empty shelf. */
export function createFileShelf(): FileShelf {
  const files = new Map<string, StoredFile>();
  const batches = new Map<string, JsonObject>();
  return {
    answerFiles: (call) => answerFiles(files, call),
    answerBatches: (call) => answerBatches(batches, call),
    clear() {
      files.clear();
      batches.clear();
    },
  };
}

function answerFiles(files: Map<string, StoredFile>, call: ServiceCall): ServiceAnswer {
  if (call.method === 'POST') return storeFile(files, call);
  if (call.tail === '') return okJson(listOf([...files.values()].map((file) => file.object)));
  const [id = '', part] = call.tail.split('/');
  const file = files.get(id);
  if (file === undefined) return notFound(`No such File object: ${id}`);
  if (call.method === 'DELETE') {
    files.delete(id);
    return okJson({ id, object: 'file', deleted: true });
  }
  if (part !== 'content') return okJson(file.object);
  return { status: 200, bytes: file.content, contentType: 'application/octet-stream' };
}

function storeFile(files: Map<string, StoredFile>, call: ServiceCall): ServiceAnswer {
  const id = `file-${call.sequence}`;
  const content = filePart(call.bodyBytes);
  const object: JsonObject = {
    id,
    object: 'file',
    bytes: content.length,
    created_at: call.createdS,
    filename: /filename="([^"]*)"/.exec(call.bodyBytes.toString('latin1'))?.[1] ?? 'upload',
    purpose: multipartField(call, 'purpose') ?? 'user_data',
    status: 'processed',
  };
  keep(files, id, { object, content });
  return okJson(object);
}

/** Bytes of the part that has a file name. */
function filePart(body: Buffer): Buffer {
  const named = body.indexOf('filename="');
  const start = named < 0 ? -1 : body.indexOf('\r\n\r\n', named);
  if (start < 0) return body;
  const boundary = body.subarray(0, body.indexOf('\r\n'));
  const end = body.indexOf(`\r\n${boundary.toString('latin1')}`, start + 4);
  return body.subarray(start + 4, end < 0 ? undefined : end);
}

function answerBatches(batches: Map<string, JsonObject>, call: ServiceCall): ServiceAnswer {
  const [id = '', action] = call.tail.split('/');
  if (id === '') return call.method === 'POST' ? createBatch(batches, call) : okJson(listOf([...batches.values()]));
  const batch = batches.get(id);
  if (batch === undefined) return notFound(`No batch found with id '${id}'.`);
  if (action !== 'cancel') return okJson(batch);
  const cancelled = { ...batch, status: 'cancelling', cancelling_at: call.createdS };
  batches.set(id, cancelled);
  return okJson(cancelled);
}

function createBatch(batches: Map<string, JsonObject>, call: ServiceCall): ServiceAnswer {
  const id = `batch_${call.sequence}`;
  const batch: JsonObject = {
    id,
    object: 'batch',
    endpoint: asText(call.body['endpoint'], '/v1/chat/completions'),
    errors: null,
    input_file_id: asText(call.body['input_file_id']),
    completion_window: asText(call.body['completion_window'], '24h'),
    status: 'validating',
    output_file_id: null,
    error_file_id: null,
    created_at: call.createdS,
    expires_at: call.createdS + 86_400,
    request_counts: { total: 0, completed: 0, failed: 0 },
    metadata: call.body['metadata'] ?? null,
  };
  keep(batches, id, batch);
  return okJson(batch);
}

function listOf(data: readonly JsonObject[]): JsonObject {
  return {
    object: 'list',
    data,
    has_more: false,
    first_id: data[0]?.['id'] ?? null,
    last_id: data.at(-1)?.['id'] ?? null,
  };
}

function keep<Value>(map: Map<string, Value>, id: string, value: Value): void {
  map.set(id, value);
  const [oldest] = map.keys();
  if (map.size > maxObjects && oldest !== undefined) map.delete(oldest);
}
