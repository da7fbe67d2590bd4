import { Fault } from '../../domain/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type { CodeSession, SessionOwner } from './code-session.ts';

interface OpenSession {
  readonly session: CodeSession;
  readonly owner: string;
  usedAtMs: number;
}

const idleMs = 600_000;
const sweepEveryMs = 30_000;
const mostSessions = 64;
const mostPerOwner = 4;

/**
 * Sessions that callers name, so that a program that knows no connections finds its files again. Each belongs to the
 * key it was opened with, and is removed when it was not used for ten minutes.
 */
export class NamedSessions {
  readonly #clock: Clock;
  readonly #openSession: (owner: SessionOwner) => CodeSession;
  readonly #open = new Map<string, OpenSession>();
  readonly #sweeping: NodeJS.Timeout;

  constructor(clock: Clock, openSession: (owner: SessionOwner) => CodeSession) {
    this.#clock = clock;
    this.#openSession = openSession;
    this.#sweeping = setInterval(() => this.sweep(), sweepEveryMs);
    this.#sweeping.unref();
  }

  /** The session of that name, opened when there is none. Throws `shedding` when there are too many. */
  get({ customer, key }: SessionOwner, name: string): CodeSession {
    const owner = JSON.stringify([customer, key]);
    const id = JSON.stringify([customer, key, name]);
    const usedAtMs = this.#clock.monotonicMs();
    const known = this.#open.get(id);
    if (known) {
      known.usedAtMs = usedAtMs;
      return known.session;
    }
    const own = [...this.#open.values()].filter((one) => one.owner === owner).length;
    if (own >= mostPerOwner || this.#open.size >= mostSessions) {
      const message = `Too many sessions are open (${mostPerOwner} for a key); use one of them, or wait until one was idle for ten minutes.`;
      throw new Fault('shedding', { message, retryAfterMs: 60_000 });
    }
    const session = this.#openSession({ customer, key });
    this.#open.set(id, { session, owner, usedAtMs });
    return session;
  }

  /** Closes what was idle for too long. */
  sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, { session, usedAtMs }] of this.#open) {
      if (nowMs - usedAtMs < idleMs) continue;
      this.#open.delete(id);
      void session.close();
    }
  }

  /** Closes every session. */
  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(open.map(({ session }) => session.close()));
  }
}
