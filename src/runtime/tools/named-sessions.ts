import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type { CodeSession, SessionOwner } from './code-session.ts';

interface OpenSession {
  readonly session: CodeSession;
  readonly customer: string;
  readonly owner: string;
  usedAtMs: number;
}

const idleMs = 600_000;
const sweepEveryMs = 30_000;
const mostSessions = 64;
const mostPerOwner = 4;
/** However many keys a customer has: the others find room as well. */
const mostPerCustomer = 16;

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
  get(by: SessionOwner, name: string): CodeSession {
    const { customer, key, project = null } = by;
    const owner = JSON.stringify([customer, key]);
    // A key that was moved to another project is not paid for by the one before.
    const id = JSON.stringify([customer, key, project, name]);
    const usedAtMs = this.#clock.monotonicMs();
    const known = this.#open.get(id);
    if (known) {
      known.usedAtMs = usedAtMs;
      return known.session;
    }
    const ofCustomer = [...this.#open.values()].filter((one) => one.customer === customer);
    const own = ofCustomer.filter((one) => one.owner === owner).length;
    if (own >= mostPerOwner || ofCustomer.length >= mostPerCustomer || this.#open.size >= mostSessions) {
      const message = `Too many sessions are open (${mostPerOwner} for a key, ${mostPerCustomer} for a customer); use one of them, or wait until one was idle for ten minutes.`;
      throw new Fault('shedding', { message, retryAfterMs: 60_000 });
    }
    const session = this.#openSession(by);
    this.#open.set(id, { session, customer, owner, usedAtMs });
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
