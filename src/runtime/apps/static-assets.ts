import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AssetEntry } from './app-types.ts';
import type { BlobStore } from './blob-store.ts';

const types: { readonly [ending: string]: string } = {
  html: 'text/html; charset=utf-8',
  htm: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  json: 'application/json',
  map: 'application/json',
  webmanifest: 'application/manifest+json',
  txt: 'text/plain; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
  xml: 'application/xml',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  ico: 'image/x-icon',
  woff: 'font/woff',
  woff2: 'font/woff2',
  ttf: 'font/ttf',
  pdf: 'application/pdf',
  wasm: 'application/wasm',
  mp4: 'video/mp4',
  mp3: 'audio/mpeg',
};

const maxCachedBytes = 32 * 1024 * 1024;

/** Finds the file for a path: itself, the index of a folder, or the page without its ending. */
export function findAsset(assets: ReadonlyMap<string, AssetEntry>, path: string): AssetEntry | undefined {
  const name = decode(path)?.replace(/^\/+/, '');
  if (name === undefined) return undefined;
  if (name === '' || name.endsWith('/')) return assets.get(`${name}index.html`);
  return assets.get(name) ?? assets.get(`${name}.html`) ?? assets.get(`${name}/index.html`);
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    // No text in any encoding that we know.
    return undefined;
  }
}

/** Serves the files of versions out of blobs, the last ones out of memory. */
export class AssetServer {
  readonly #blobs: BlobStore;
  readonly #cache = new Map<string, Buffer>();
  #cachedBytes = 0;

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  /** Answers with a file; the status is 200 unless the file is the page for what is missing. */
  async serve(
    { request, response, headers }: AssetCall,
    asset: AssetEntry,
    status = 200,
  ): Promise<{ readonly status: number }> {
    const etag = `"${asset.sha256.slice(0, 32)}"`;
    const shared = { ...headers, etag, 'cache-control': 'public, max-age=0, must-revalidate' };
    if (status === 200 && (request.headers['if-none-match'] ?? '').includes(etag)) {
      response.writeHead(304, shared).end();
      return { status: 304 };
    }
    const bytes = await this.#read(asset);
    response.writeHead(status, {
      ...shared,
      'content-type': types[asset.path.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'application/octet-stream',
      'content-length': bytes.length,
      'x-content-type-options': 'nosniff',
    });
    response.end(request.method === 'HEAD' ? undefined : bytes);
    return { status };
  }

  async #read({ sha256 }: AssetEntry): Promise<Buffer> {
    const cached = this.#cache.get(sha256);
    if (cached !== undefined) {
      // The least recently used stands first.
      this.#cache.delete(sha256);
      this.#cache.set(sha256, cached);
      return cached;
    }
    const bytes = await this.#blobs.get(sha256);
    if (bytes === undefined) throw new Error(`the file ${sha256} is not on this gateway`);
    this.#cache.set(sha256, bytes);
    this.#cachedBytes += bytes.length;
    for (const [oldest, { length }] of this.#cache) {
      if (this.#cachedBytes <= maxCachedBytes || oldest === sha256) break;
      this.#cache.delete(oldest);
      this.#cachedBytes -= length;
    }
    return bytes;
  }
}

/** A request for a file. */
export interface AssetCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly headers: { readonly [name: string]: string };
}
