import { readFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import { Fault } from '../../domain/faults/fault.ts';
import type { ModelCall } from '../../domain/calls/model-call.ts';
import { guardedLookup } from '../../platform/address-guard.ts';
import type { TimerWheel } from '../../platform/timer-wheel.ts';
import { downloadMedia } from './download-media.ts';
import { guardedConnector } from '../network/guarded-connector.ts';
import { type MediaKind, type RemoteMedia, remoteMediaOf, withInlineMedia } from './remote-media.ts';

/** How media that clients name by URL are reached. */
export interface MediaSettings {
  /** Lets URLs name private and loopback addresses; link-local and metadata addresses stay refused. */
  readonly mediaAllowPrivate: boolean;
  /** PEM file with additional certificate authorities. */
  readonly caFile?: string | undefined;
  /** Resolves host names; the system's resolver by default. */
  readonly resolve?: LookupFunction;
}

/** Says when what was begun for a request is not wanted any more: its client left, or its time is up. */
export interface Interrupter {
  onInterrupt(stop: () => void): void;
}

/** Turns media by URL into bytes for hosts that take no addresses. */
export interface MediaFetcher {
  /** The same call with the bytes of the given kinds of media in place; the very same when it has none by URL. */
  inline(
    call: ModelCall,
    kinds: readonly MediaKind[],
    interrupter?: Interrupter,
  ): Promise<ModelCall | Fault> | ModelCall;
}

const maxMedia = 16;
const maxAtOnce = 4;
/** Requests whose media are fetched at the same time, over all clients: each may hold as much as `maxTotalBytes`. */
const maxRequests = 32;
const maxTotalBytes = 40 * 1024 * 1024;
const fetchMs = 10_000;
const allMs = 20_000;
const connectMs = 5_000;

/**
 * Fetches what clients name, so it trusts nothing: each connection dials an address that the guard has seen, straight
 * and never through a proxy, which would resolve the name again out of our sight.
 */
export function createMediaFetcher(settings: MediaSettings, wheel: TimerWheel): MediaFetcher {
  const ca = settings.caFile === undefined ? undefined : readFileSync(settings.caFile, 'utf8');
  const rules = { allowPrivate: settings.mediaAllowPrivate };
  const lookup = guardedLookup(rules, settings.resolve);
  const connect = guardedConnector({ timeout: connectMs, lookup, ...(ca !== undefined && { ca }) }, rules);
  // Another attempt at the same call finds the bytes of the first.
  const inlined = new WeakMap<ModelCall, Promise<ModelCall | Fault>>();
  let requests = 0;
  const fetchAll = async (
    call: ModelCall,
    media: readonly RemoteMedia[],
    interrupter: Interrupter | undefined,
  ): Promise<ModelCall | Fault> => {
    if (requests >= maxRequests) {
      return new Fault('shedding', { message: 'Media are being fetched for too many requests.' });
    }
    requests += 1;
    const agent = new Agent({ connect, connections: maxAtOnce, pipelining: 1 });
    try {
      const round = new MediaRound(agent, wheel);
      interrupter?.onInterrupt(() => round.stop());
      const sources = await round.fetch(media);
      return Fault.is(sources) ? sources : withInlineMedia(call, sources);
    } finally {
      requests -= 1;
      await agent.destroy();
    }
  };
  return {
    inline(call, kinds, interrupter) {
      const media = remoteMediaOf(call, kinds);
      if (media.length === 0) return call;
      if (media.length > maxMedia) return Promise.resolve(tooMany(media));
      const known = inlined.get(call);
      if (known) return known;
      const fetched = fetchAll(call, media, interrupter);
      inlined.set(call, fetched);
      return fetched;
    },
  };
}

/** The media of one request: a few at once, each with its own time and all within theirs. */
class MediaRound {
  readonly #agent: Dispatcher;
  readonly #wheel: TimerWheel;
  readonly #over = new AbortController();
  #remainingBytes = maxTotalBytes;
  #fault: Fault | undefined;

  constructor(agent: Dispatcher, wheel: TimerWheel) {
    this.#agent = agent;
    this.#wheel = wheel;
  }

  /** Nobody waits for these media any more. */
  stop(): void {
    this.#over.abort();
  }

  async fetch(media: readonly RemoteMedia[]): Promise<ReadonlyMap<string, InlineSource> | Fault> {
    const sources = new Map<string, InlineSource>();
    const waiting = [...media];
    const timer = this.#wheel.after(allMs, () => this.#over.abort());
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next && !this.#fault; next = waiting.shift()) {
        const source = await this.#fetchOne(next);
        if (source) sources.set(next.key, source);
      }
    };
    await Promise.all(Array.from({ length: maxAtOnce }, worker));
    timer.cancel();
    return this.#fault ?? sources;
  }

  async #fetchOne({ kind, url, at }: RemoteMedia): Promise<InlineSource | undefined> {
    const own = new AbortController();
    const timer = this.#wheel.after(fetchMs, () => own.abort());
    const signal = AbortSignal.any([own.signal, this.#over.signal]);
    const take = (sizeBytes: number): boolean => (this.#remainingBytes -= sizeBytes) >= 0;
    const found = await downloadMedia({ kind, url, dispatcher: this.#agent, signal, take });
    timer.cancel();
    if ('data' in found) return { kind: 'base64', ...found };
    this.#fault ??= unfetched(kind, found, at);
    // The request has failed: nothing else of it is worth waiting for.
    this.#over.abort();
    return undefined;
  }
}

type InlineSource = { readonly kind: 'base64'; readonly mediaType: string; readonly data: string };

function unfetched(
  kind: MediaKind,
  { problem, cause }: { readonly problem: string; readonly cause?: unknown },
  at: string | undefined,
): Fault {
  // Not every dialect's errors have a place for the pointer.
  const place = at === undefined ? '' : ` at ${at}`;
  const message = `The ${kind}${place} could not be fetched from its URL: ${problem}.`;
  return new Fault('invalid_request', { message, cause, ...(at !== undefined && { param: at }) });
}

function tooMany(media: readonly RemoteMedia[]): Fault {
  const at = media[maxMedia]?.at;
  const message = `This host takes media as bytes only, and no more than ${maxMedia} are fetched for a request.`;
  return new Fault('invalid_request', { message, ...(at !== undefined && { param: at }) });
}
