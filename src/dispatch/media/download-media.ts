import type { Dispatcher } from 'undici';
import type { MediaKind } from './remote-media.ts';

/** One URL to fetch. */
export interface MediaDownload {
  readonly kind: MediaKind;
  readonly url: string;
  /** Guards every address it dials. */
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
  /** Books bytes of what the request's media may weigh together; false when that is used up. */
  take(sizeBytes: number): boolean;
}

/** Bytes with their type. */
export interface DownloadedMedia {
  readonly mediaType: string;
  readonly data: string;
}

/**
 * Why a URL gave nothing, in words for the client. They never tell an address or what a refused one would have said:
 * nobody maps a network through them. The cause is for operators.
 */
export interface MediaProblem {
  readonly problem: string;
  readonly cause?: unknown;
}

const maxRedirects = 3;
const maxBytes = 20 * 1024 * 1024;
const maxUrlLength = 8192;
const accepted: { readonly [Kind in MediaKind]: { readonly type: RegExp; readonly accept: string } } = {
  image: { type: /^image\/[\w.+-]+$/, accept: 'image/*' },
  document: { type: /^application\/pdf$/, accept: 'application/pdf' },
};

/** Fetches an image or a PDF document, following a few redirects within the same origin. */
export async function downloadMedia(download: MediaDownload): Promise<DownloadedMedia | MediaProblem> {
  const first = URL.canParse(download.url) ? new URL(download.url) : undefined;
  if (!first || download.url.length > maxUrlLength) return { problem: 'it is not a valid URL' };
  if (first.username !== '' || first.password !== '') return { problem: 'URLs with credentials are not fetched' };
  try {
    let url = first;
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const answer = await ask(url, download);
      if (answer.statusCode < 300 || answer.statusCode > 399) return await readMedia(answer, download);
      discard(answer);
      const target = redirectTarget(answer, url);
      if (target?.origin !== first.origin) return { problem: 'it redirects to another place' };
      url = target;
    }
    return { problem: `it redirects more than ${maxRedirects} times` };
  } catch (error) {
    return { problem: describe(error, download.signal), cause: error };
  }
}

function ask(url: URL, { kind, dispatcher, signal }: MediaDownload): Promise<Dispatcher.ResponseData> {
  return dispatcher.request({
    method: 'GET',
    origin: url.origin,
    path: url.pathname + url.search,
    // Compressed bytes would have to be unpacked against a limit of their own.
    headers: { accept: accepted[kind].accept, 'accept-encoding': 'identity', 'user-agent': 'switchyard' },
    signal,
  });
}

/** Ends an answer that nobody reads; its end is then an error that nobody minds. */
function discard({ body }: Dispatcher.ResponseData): void {
  body.on('error', () => undefined).destroy();
}

function redirectTarget({ headers }: Dispatcher.ResponseData, from: URL): URL | undefined {
  const { location } = headers;
  return typeof location === 'string' && URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
}

async function readMedia(
  answer: Dispatcher.ResponseData,
  { kind, take }: MediaDownload,
): Promise<DownloadedMedia | MediaProblem> {
  const { statusCode, headers, body } = answer;
  const refuse = (problem: string): MediaProblem => {
    discard(answer);
    return { problem };
  };
  if (statusCode !== 200) return refuse(`its server answered with status ${statusCode}`);
  const mediaType = mediaTypeOf(headers['content-type']);
  if (!accepted[kind].type.test(mediaType)) return refuse(`its content type is not ${accepted[kind].accept}`);
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return refuse('its server insists on compressing it');
  const tooLarge = `it is larger than ${maxBytes / 1024 / 1024} MiB`;
  if (Number(headers['content-length'] ?? 0) > maxBytes) return refuse(tooLarge);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) return refuse(tooLarge);
    if (!take(chunk.length)) return refuse('the media of this request are too large together');
    chunks.push(chunk);
  }
  if (sizeBytes === 0) return { problem: 'it is empty' };
  return { mediaType, data: Buffer.concat(chunks, sizeBytes).toString('base64') };
}

function mediaTypeOf(header: string | string[] | undefined): string {
  const [type = ''] = typeof header === 'string' ? header.split(';') : [];
  return type.trim().toLowerCase();
}

function describe(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'it took too long';
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_ADDRESS_REFUSED') return 'its address is not a public one';
  return 'its server cannot be reached';
}
