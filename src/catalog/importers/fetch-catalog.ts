import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type Dispatcher, request } from 'undici';
import type { ImportedCatalog } from './contract.ts';
import { importCatalog, type ImportOptions } from './import-catalog.ts';

const unzip = promisify(gunzip);

/** How a catalog is fetched. */
export interface FetchOptions extends ImportOptions {
  /** Tag of the state that is known already: an unchanged catalog is not sent again. */
  readonly etag?: string;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** Ends the fetch early. */
  readonly signal?: AbortSignal;
  /** Way out, for proxies and own certificate authorities. */
  readonly dispatcher?: Dispatcher;
}

/** What came of fetching a catalog; a failure says why and changes nothing. */
export type FetchedCatalog =
  | { readonly status: 'unchanged' }
  | {
      readonly status: 'read';
      readonly catalog: ImportedCatalog;
      readonly etag: string | undefined;
      readonly sourceHash: string;
    }
  | { readonly status: 'failed'; readonly problem: string };

const defaultTimeoutMs = 30_000;
const defaultMaxBytes = 48 * 1024 * 1024;

/** Fetches and reads a catalog, within limits of time and size. Redirects are not followed: the address is told. */
export async function fetchCatalog(url: string, options: FetchOptions = {}): Promise<FetchedCatalog> {
  const { timeoutMs = defaultTimeoutMs, maxBytes = defaultMaxBytes, dispatcher, etag } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await request(url, {
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
      headers: { accept: 'application/json', ...(etag !== undefined && { 'if-none-match': etag }) },
      ...(dispatcher && { dispatcher }),
    });
    if (answer.statusCode !== 200) {
      await answer.body.dump();
      return answer.statusCode === 304 ? { status: 'unchanged' } : failed(statusText(answer));
    }
    const bytes = await readBounded(answer.body, maxBytes);
    if (!bytes) return failed(`the answer is larger than ${maxBytes} bytes`);
    const text = await textOf(bytes, maxBytes);
    const catalog = importCatalog(text, options);
    if (!catalog) return failed('the answer is no catalog of a known format');
    const tag = answer.headers['etag'];
    const sourceHash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    return { status: 'read', catalog, etag: typeof tag === 'string' ? tag : undefined, sourceHash };
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

function failed(problem: string): FetchedCatalog {
  return { status: 'failed', problem };
}

function statusText({ statusCode, headers }: Dispatcher.ResponseData): string {
  const location = headers['location'];
  return `the answer is status ${statusCode}${typeof location === 'string' ? `, moved to ${location.slice(0, 200)}` : ''}`;
}

async function readBounded(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) {
      body.destroy();
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Catalogs are also published as compressed files. */
async function textOf(bytes: Buffer, maxBytes: number): Promise<string> {
  const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (isCompressed ? await unzip(bytes, { maxOutputLength: maxBytes }) : bytes).toString();
}
