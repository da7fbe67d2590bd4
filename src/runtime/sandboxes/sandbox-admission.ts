import { Fault } from '../../domain/faults/fault.ts';
import type { Driver, IsolationTier } from '../contract.ts';
import { requireTier } from '../runs/run-service.ts';
import type { LiveSandbox } from './live-sandbox.ts';
import { isOwn } from './sandbox-record.ts';
import type { SandboxOwner, SandboxSettings } from './sandbox-types.ts';

/** What admission goes by. */
export interface SandboxAdmissionDeps {
  readonly driver: Driver;
  all(): Iterable<LiveSandbox>;
  settings(): SandboxSettings;
  minIsolation(): IsolationTier;
}

/** Says who may have a sandbox: how well it must be isolated, how many there may be, and for how long. */
export class SandboxAdmission {
  readonly #deps: SandboxAdmissionDeps;
  /** Sandboxes that are being made, by key. */
  readonly #making = new Map<string, number>();

  constructor(deps: SandboxAdmissionDeps) {
    this.#deps = deps;
  }

  /** Throws unless what separates sandboxes here is what the operator asks for at least. */
  async requireIsolation(): Promise<void> {
    const { driver, minIsolation } = this.#deps;
    const { isolation, unusable } = driver.report ?? (await driver.probe());
    if (unusable) throw new Fault('isolation_unavailable', { message: `${unusable.reason} ${unusable.remedy}` });
    requireTier(isolation, minIsolation());
  }

  /** Counts one that is being made among those of its key, until the answer is called. */
  enter(owner: SandboxOwner): () => void {
    this.requireRoom(owner, 'making');
    this.#making.set(owner.key, (this.#making.get(owner.key) ?? 0) + 1);
    return () => {
      const left = (this.#making.get(owner.key) ?? 1) - 1;
      if (left === 0) this.#making.delete(owner.key);
      else this.#making.set(owner.key, left);
    };
  }

  /** Throws when the key has as many as it may have. */
  requireRoom(owner: SandboxOwner, purpose: 'making' | 'waking'): void {
    const { perKey, keptPerKey } = this.#deps.settings();
    const own = [...this.#deps.all()].filter(({ record, isEnded }) => !isEnded && isOwn(record, owner));
    const making = this.#making.get(owner.key) ?? 0;
    const running = own.filter(({ record }) => record.state === 'running').length + making;
    if (running >= perKey) {
      throw new Fault('rate_limited', { message: `A key may have ${perKey} sandboxes running at once.` });
    }
    if (purpose === 'making' && own.length + making >= keptPerKey) {
      throw new Fault('rate_limited', { message: `A key may have ${keptPerKey} sandboxes, running and paused.` });
    }
  }

  /** The time that one gets; throws when more is asked for than there is for anybody. */
  ttlMs(asked: number | undefined): number {
    const { defaultTtlMs, maxTtlMs } = this.#deps.settings();
    const ttlMs = asked ?? Math.min(defaultTtlMs, maxTtlMs);
    if (ttlMs <= maxTtlMs) return ttlMs;
    const message = `A sandbox may live for ${Math.floor(maxTtlMs / 1000)} seconds at most before it is given more time.`;
    throw new Fault('invalid_request', { message, param: 'timeout' });
  }
}
