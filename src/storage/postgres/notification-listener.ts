import pg from 'pg';
import type { Logger } from '../../platform/logger.ts';
import type { ConnectionSource } from './connection-pool.ts';
import type { ListenSettings } from './database.ts';

interface Subscription {
  readonly listener: (payload: string) => void;
  readonly timer: NodeJS.Timeout | undefined;
}

const firstRetryMs = 100;
const longestRetryMs = 5_000;

/** One connection that waits for notifications, opened at the first subscription and again whenever it is lost. */
export class NotificationListener {
  readonly #source: ConnectionSource;
  readonly #logger: Logger;
  readonly #channels = new Map<string, Set<Subscription>>();
  #client: pg.Client | undefined;
  #connecting: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #isClosed = false;

  constructor(source: ConnectionSource, logger: Logger) {
    this.#source = source;
    this.#logger = logger;
  }

  async subscribe(
    channel: string,
    listener: (payload: string) => void,
    { pollMs }: ListenSettings = {},
  ): Promise<() => Promise<void>> {
    const timer = pollMs === undefined ? undefined : setInterval(() => this.#tell(subscription, ''), pollMs);
    timer?.unref();
    const subscription: Subscription = { listener, timer };
    const others = this.#channels.get(channel);
    if (others) others.add(subscription);
    else this.#channels.set(channel, new Set([subscription]));
    if (this.#client === undefined) await this.#connect();
    else if (!others) await this.#client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    return () => this.#unsubscribe(channel, subscription);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    for (const subscriptions of this.#channels.values()) {
      for (const { timer } of subscriptions) clearInterval(timer);
    }
    this.#channels.clear();
    await this.#connecting;
    await this.#client?.end();
  }

  async #unsubscribe(channel: string, subscription: Subscription): Promise<void> {
    clearInterval(subscription.timer);
    const subscriptions = this.#channels.get(channel);
    if (!subscriptions?.delete(subscription) || subscriptions.size > 0) return;
    this.#channels.delete(channel);
    try {
      await this.#client?.query(`UNLISTEN ${pg.escapeIdentifier(channel)}`);
    } catch {
      // The connection is lost, and with it the subscription.
    }
  }

  /** Never rejects: without a connection, polls and later retries do the work. */
  #connect(): Promise<void> {
    this.#connecting ??= this.#tryToConnect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #tryToConnect(): Promise<void> {
    const client = new pg.Client({ ...this.#source(), application_name: 'switchyard-listener', keepAlive: true });
    client.on('notification', ({ channel, payload }) => {
      for (const subscription of this.#channels.get(channel) ?? []) this.#tell(subscription, payload ?? '');
    });
    client.on('error', () => undefined); // 'end' follows.
    client.once('end', () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      this.#connectLater();
    });
    try {
      await client.connect();
      for (const channel of this.#channels.keys()) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      this.#logger.debug({ error: String(error) }, 'the database does not take the connection for notifications');
      await client.end().catch(() => undefined);
      this.#connectLater();
      return;
    }
    this.#client = client;
    this.#retryMs = firstRetryMs;
    // Whatever was notified in the meantime is lost: everybody looks for themselves.
    for (const subscriptions of this.#channels.values()) {
      for (const subscription of subscriptions) this.#tell(subscription, '');
    }
  }

  #connectLater(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), this.#retryMs);
    this.#retry.unref();
    this.#retryMs = Math.min(longestRetryMs, this.#retryMs * 2);
  }

  #tell({ listener }: Subscription, payload: string): void {
    try {
      listener(payload);
    } catch (error) {
      this.#logger.error({ error: String(error) }, 'a listener for notifications failed');
    }
  }
}
