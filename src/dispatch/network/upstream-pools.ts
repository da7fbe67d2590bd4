import { readFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { type Dispatcher, Pool, ProxyAgent } from 'undici';
import type { Host } from '../../domain/calls/endpoint.ts';
import { guardedLookup, refusedHostname } from '../../platform/address-guard.ts';
import { guardedConnector } from './guarded-connector.ts';

/** How upstreams are reached from this machine. */
export interface NetworkSettings {
  readonly proxyUrl?: string;
  /** Host names and suffixes (`.internal`) that bypass the proxy; `*` bypasses it always. */
  readonly noProxy: readonly string[];
  /** PEM file with additional certificate authorities. */
  readonly caFile?: string;
  /** Resolves host names; the system's resolver by default. */
  readonly resolve?: LookupFunction;
}

/** Connection pools, one per host and origin, so that one host's stall never takes another's connections. */
export interface UpstreamPools {
  /** Undefined when the host's queue is full or all is closed: the caller treats it as overloaded. */
  pool(host: Host, origin: string): Dispatcher | undefined;
  /** Ends what still runs, for good: no pool is opened any more. */
  close(): Promise<void>;
}

const maxPools = 1000;
const maxQueueShare = 2;

/** Makes pools at first use; a host whose address or limits changed gets a new one. */
export function createUpstreamPools(network: NetworkSettings): UpstreamPools {
  const pools = new Map<string, GaugedPool | GaugedProxy>();
  /** Hosts live as long as a configuration: naming their pool anew for each call would cost more than finding it. */
  const names = new WeakMap<Host, { readonly origin: string; readonly name: string }>();
  const nameOf = (host: Host, origin: string): string => {
    const known = names.get(host);
    if (known?.origin === origin) return known.name;
    const name = `${host.id} ${origin} ${host.maxConnections} ${host.timeouts.connectMs} ${host.allowPrivateAddress ?? true}`;
    names.set(host, { origin, name });
    return name;
  };
  let isClosed = false;
  const ca = network.caFile === undefined ? undefined : readFileSync(network.caFile, 'utf8');
  const open = (host: Host, origin: string): GaugedPool | GaugedProxy => {
    const shared = { connections: host.maxConnections, keepAliveTimeout: 60_000, keepAliveMaxTimeout: 300_000 };
    const connect = { timeout: host.timeouts.connectMs, ...(ca === undefined ? {} : { ca }) };
    const { hostname } = new URL(origin);
    const rules = { allowPrivate: host.allowPrivateAddress ?? true };
    const isProxied = network.proxyUrl !== undefined && !bypassesProxy(hostname, network.noProxy);
    if (isProxied && !refusedHostname(hostname, rules)) {
      return new GaugedProxy({ uri: network.proxyUrl ?? '', requestTls: connect, ...shared });
    }
    const lookup = guardedLookup(rules, network.resolve);
    return new GaugedPool(origin, {
      ...shared,
      connect: guardedConnector({ ...connect, lookup }, rules),
      pipelining: 1,
    });
  };
  return {
    pool(host, origin) {
      if (isClosed) return undefined;
      const name = nameOf(host, origin);
      let pool = pools.get(name);
      if (!pool) {
        if (pools.size >= maxPools) dropOldest(pools);
        pool = open(host, origin);
        pools.set(name, pool);
      }
      return pool.queued >= host.maxConnections * maxQueueShare ? undefined : pool;
    },
    async close() {
      isClosed = true;
      const all = [...pools.values()];
      pools.clear();
      await Promise.all(all.map((pool) => pool.destroy()));
    },
  };
}

/** A pool that knows cheaply whether calls queue up: its statistics are sums over all connections. */
class GaugedPool extends Pool {
  #mayQueue = false;

  constructor(origin: string, settings: Pool.Options) {
    super(origin, settings);
    this.on('drain', () => {
      this.#mayQueue = false;
    });
  }

  override dispatch(call: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const hasRoom = super.dispatch(call, handler);
    if (!hasRoom) this.#mayQueue = true;
    return hasRoom;
  }

  /** Calls that wait for a connection. */
  get queued(): number {
    return this.#mayQueue ? this.stats.queued : 0;
  }
}

/** A way through the proxy to one origin: the calls that wait are those of the pool behind it. */
class GaugedProxy extends ProxyAgent {
  readonly #behind: { pool: GaugedPool | undefined };

  constructor(settings: ProxyAgent.Options) {
    const behind: { pool: GaugedPool | undefined } = { pool: undefined };
    super({
      ...settings,
      factory(origin, options) {
        behind.pool = new GaugedPool(String(origin), options);
        return behind.pool;
      },
    });
    this.#behind = behind;
  }

  /** Calls that wait for a connection. */
  get queued(): number {
    return this.#behind.pool?.queued ?? 0;
  }
}

/** Does a host name match one of the NO_PROXY entries? Loopback always does. */
export function bypassesProxy(hostname: string, noProxy: readonly string[]): boolean {
  if (hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')) return true;
  return noProxy.some((entry) => {
    const suffix = entry.replace(/^\*?\./, '').replace(/:\d+$/, '');
    return entry === '*' || hostname === suffix || hostname.endsWith(`.${suffix}`);
  });
}

function dropOldest(pools: Map<string, GaugedPool | GaugedProxy>): void {
  const [oldest] = pools;
  if (!oldest) return;
  pools.delete(oldest[0]);
  // Running calls finish first.
  void oldest[1].close();
}
