import type { HostProtocol } from '../../../domain/calls/dialect.ts';
import type { UsageBucket } from '../../../domain/rating/usage.ts';

/** What is known of a provider; handed in, so that importers need not load them. */
export interface KnownHost {
  readonly id: string;
  readonly protocol: HostProtocol;
  readonly baseUrl?: string | undefined;
  readonly keyEnv: readonly string[];
}

/** Credentials of a host, by reference. */
export type DraftAuth = { readonly type: 'aws' | 'google' | 'azure' } & { readonly [field: string]: string };

/** A host as far as it tells hosts apart: two endpoints that agree in all of it share one. */
export interface HostDraft {
  /** Name of a known provider, or a name of our own making. */
  readonly name: string;
  readonly protocol: HostProtocol;
  readonly baseUrl: string | undefined;
  readonly apiKey: string | undefined;
  readonly auth: DraftAuth | undefined;
  readonly headers: { readonly [name: string]: string };
}

/** Timers that the input states; the longest of all endpoints of a host holds. */
export interface DraftTimeouts {
  readonly totalMs?: number;
  readonly firstTokenMs?: number;
  readonly connectMs?: number;
}

/** One endpoint to be written. */
export interface EndpointDraft {
  readonly host: string;
  readonly model: string;
  readonly weight?: number;
  readonly price?: { readonly [Bucket in UsageBucket]?: string };
  readonly contextTokens?: number;
  readonly maxOutputTokens?: number;
  readonly capabilities?: { readonly [name: string]: boolean };
}

/** How far requests for a model may go. */
export interface PolicyDraft {
  maxAttempts?: number;
  fallback?: boolean;
  refusalFallback?: boolean;
  contextFallback?: boolean;
}

/** One model to be written. */
export interface ModelDraft {
  readonly endpoints: EndpointDraft[];
  readonly fallback: string[];
  readonly policy: PolicyDraft;
}

/** One key to be written. */
export interface KeyDraft {
  readonly name: string;
  readonly secret: string;
  readonly cache?: 'all';
}

/** Settings of the gateway itself, by section. */
export type SectionDraft = { [field: string]: string | number | boolean };

interface PlacedHost {
  readonly draft: HostDraft;
  timeouts: DraftTimeouts;
}

const maxTimerMs = 86_400_000;

/** A time as the schema takes it: whole milliseconds, at most a day. */
export function toTimerMs(timeMs: number): number {
  return Math.min(maxTimerMs, Math.max(1, Math.ceil(timeMs)));
}

/** The configuration while an importer fills it. */
export class ConfigDraft {
  readonly models = new Map<string, ModelDraft>();
  readonly aliases = new Map<string, string>();
  readonly keys: KeyDraft[] = [];
  readonly sections = new Map<string, SectionDraft>();
  readonly #hosts = new Map<string, PlacedHost>();
  readonly #known: ReadonlyMap<string, KnownHost>;

  constructor(known: readonly KnownHost[]) {
    this.#known = new Map(known.map((host) => [host.id, host]));
  }

  knownHost(id: string): KnownHost | undefined {
    return this.#known.get(id);
  }

  /**
   * Finds or adds a host and returns its name. Only one set of credentials can have a known provider's own name; the
   * others are numbered, and state protocol and address themselves.
   */
  host(draft: HostDraft, timeouts: DraftTimeouts = {}): string {
    const wanted = toHostName(draft.name);
    for (let number = 1; ; number++) {
      const name = number === 1 ? wanted : `${wanted}-${number}`;
      const placed = this.#hosts.get(name);
      if (placed === undefined && (number === 1 || !this.#known.has(name))) {
        this.#hosts.set(name, { draft, timeouts });
        return name;
      }
      if (placed !== undefined && isSameHost(placed.draft, draft)) {
        placed.timeouts = longest(placed.timeouts, timeouts);
        return name;
      }
    }
  }

  /** The model of this name, made at first use. */
  model(name: string): ModelDraft {
    const known = this.models.get(name);
    if (known !== undefined) return known;
    const made: ModelDraft = { endpoints: [], fallback: [], policy: {} };
    this.models.set(name, made);
    return made;
  }

  section(name: string): SectionDraft {
    const known = this.sections.get(name) ?? {};
    this.sections.set(name, known);
    return known;
  }

  /** Every host may take at least this long. */
  extendTimeouts(timeouts: DraftTimeouts): void {
    for (const placed of this.#hosts.values()) placed.timeouts = longest(placed.timeouts, timeouts);
  }

  /** The configuration as plain data, empty parts left out. */
  toData(): Record<string, unknown> {
    const data = {
      hosts: Object.fromEntries([...this.#hosts].map(([name, placed]) => [name, this.#hostData(name, placed)])),
      models: Object.fromEntries([...this.models].map(([name, model]) => [name, modelData(model)])),
      aliases: Object.fromEntries(this.aliases),
      keys: this.keys.map((key) => ({ ...key, models: ['*'] })),
      ...Object.fromEntries(this.sections),
    };
    return Object.fromEntries(Object.entries(data).filter(([, value]) => Object.keys(value).length > 0));
  }

  #hostData(name: string, { draft, timeouts }: PlacedHost): Record<string, unknown> {
    const known = this.#known.get(name);
    const isKnown = known?.protocol === draft.protocol;
    const baseUrl = isKnown && known.baseUrl === draft.baseUrl ? undefined : draft.baseUrl;
    const entries = {
      protocol: isKnown ? undefined : draft.protocol,
      baseUrl,
      apiKey: draft.apiKey,
      auth: draft.auth,
      timeouts: Object.keys(timeouts).length === 0 ? undefined : timeouts,
      headers: Object.keys(draft.headers).length === 0 ? undefined : draft.headers,
    };
    return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
  }
}

function modelData({ endpoints, fallback, policy }: ModelDraft): Record<string, unknown> {
  return {
    endpoints,
    ...(fallback.length > 0 && { fallback }),
    ...(Object.keys(policy).length > 0 && { policy }),
  };
}

function isSameHost(one: HostDraft, other: HostDraft): boolean {
  const parts = ({ protocol, baseUrl, apiKey, auth, headers }: HostDraft): string =>
    JSON.stringify([protocol, baseUrl, apiKey, auth, headers]);
  return parts(one) === parts(other);
}

function longest(one: DraftTimeouts, other: DraftTimeouts): DraftTimeouts {
  const merged: { -readonly [Name in keyof DraftTimeouts]: number } = {};
  for (const name of ['connectMs', 'firstTokenMs', 'totalMs'] as const) {
    const timer = Math.max(one[name] ?? 0, other[name] ?? 0);
    if (timer > 0) merged[name] = toTimerMs(timer);
  }
  return merged;
}

/** A name the schema accepts for a host. */
function toHostName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|-+$/g, '');
  return name === '' ? 'host' : name;
}
