import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { Fault } from '../../domain/faults/fault.ts';
import type { IncomingFile, LiveSandbox, SandboxEntry } from '../../runtime/index.ts';
import { acceptBody } from '../accept-body.ts';
import { knownUser } from './guest-user.ts';
import { boundaryOf, readMultipart } from './multipart.ts';
import { answerJson } from './wire-answers.ts';

/** A request about the contents of files whose caller may make it. */
export interface FileCall {
  readonly sandbox: LiveSandbox;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
}

/** Sends a file; a guest's page must not become one of ours, so browsers only save it. */
export async function download({ sandbox, request, response, query }: FileCall): Promise<void> {
  knownUser(query.get('username') ?? '');
  const { sizeBytes, bytes } = await sandbox.files.read(pathOf(query));
  const isGzip = request.headers['accept-encoding'] === 'gzip' && sizeBytes > 0;
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-disposition': 'attachment',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    vary: 'accept-encoding',
    ...(isGzip ? { 'content-encoding': 'gzip' } : { 'content-length': sizeBytes }),
  });
  const source = Readable.from(bytes, { objectMode: false });
  if (isGzip) await pipeline(source, createGzip(), response);
  else await pipeline(source, response);
}

/** Takes one file or a form of several; answers when they are durable. */
export async function upload(call: FileCall): Promise<void> {
  const { sandbox, request, response, query } = call;
  knownUser(query.get('username') ?? '');
  acceptBody(request, response);
  const entries = await sandbox.files.write(incoming(call));
  answerJson(response, 200, { body: entries.map(wireInfo) });
}

async function* incoming({ request, query }: FileCall): AsyncGenerator<IncomingFile> {
  const metadata = metadataOf(request);
  const boundary = boundaryOf(request.headers['content-type']);
  const body = decoded(request);
  if (boundary === undefined) {
    yield { path: pathOf(query), metadata, bytes: body };
    return;
  }
  const path = query.get('path') ?? '';
  for await (const part of readMultipart(body, boundary)) {
    if (part.name !== 'file') continue;
    yield { path: path === '' ? (part.fileName ?? '') : path, metadata, bytes: part.bytes };
  }
}

function decoded(request: IncomingMessage): AsyncIterable<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return request;
  if (encoding !== 'gzip') {
    throw new Fault('invalid_request', { message: `content-encoding "${encoding.slice(0, 50)}" is not supported.` });
  }
  const gunzip = createGunzip();
  // Its failure is seen by whoever reads the other end.
  pipeline(request, gunzip).catch(() => undefined);
  return readGzip(gunzip);
}

async function* readGzip(gunzip: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* gunzip;
  } catch {
    throw new Fault('invalid_request', { message: 'The body is not what its content-encoding says.' });
  }
}

const metadataHeader = 'x-metadata-';
const mostMetadata = 64;

function metadataOf({ headers }: IncomingMessage): Record<string, string> {
  const found = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(metadataHeader) && typeof value === 'string'
      ? [[name.slice(metadataHeader.length), value] as const]
      : [],
  );
  const isFit = found.every(([key, value]) => key.length > 0 && key.length <= 200 && value.length <= 4096);
  if (found.length <= mostMetadata && isFit) return Object.fromEntries(found);
  throw new Fault('invalid_request', { message: 'The metadata of the file is too large.' });
}

function pathOf(query: URLSearchParams): string {
  const path = query.get('path') ?? '';
  if (path !== '') return path;
  throw new Fault('invalid_request', { message: '`path` is missing.', param: 'path' });
}

function wireInfo({ name, path, type, metadata }: SandboxEntry): object {
  const hasMetadata = Object.keys(metadata).length > 0;
  return { name, path, type: type === 'directory' ? 'dir' : 'file', ...(hasMetadata && { metadata }) };
}
