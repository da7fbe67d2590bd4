import type { SandboxSpec } from '../contract.ts';
import type { ControlGroup } from './control-groups.ts';
import type { Keeper } from './keeper.ts';
import type { ReadyLauncher } from './launch.ts';

/** A sandbox in which nothing has run yet. */
export interface PreparedSandbox {
  readonly id: string;
  readonly keeper: Keeper;
  readonly group: ControlGroup | undefined;
  readonly user: number | undefined;
  /** Stands ready within it for the first command. */
  readonly launcher?: ReadyLauncher;
  readonly cleanUp: () => Promise<void>;
}

/** A waiting sandbox, with what cannot be changed any more. */
interface Waiting {
  readonly shape: string;
  readonly made: PreparedSandbox;
  isDead: boolean;
}

/**
 * Keeps a few untouched sandboxes ready. Each is used once and by one guest, so nothing is shared; they are like the
 * last one that was asked for, since sizes of file systems are fixed when they are made. Limits of groups are not.
 */
export class WarmSandboxes {
  readonly #most: number;
  readonly #make: (spec: SandboxSpec) => Promise<PreparedSandbox>;
  readonly #waiting: Waiting[] = [];
  #making = 0;
  #isClosed = false;

  constructor(most: number, make: (spec: SandboxSpec) => Promise<PreparedSandbox>) {
    this.#most = most;
    this.#make = make;
  }

  /** One that fits, if there is one. */
  take(spec: SandboxSpec): PreparedSandbox | undefined {
    const shape = shapeOf(spec);
    const at = shape === undefined ? -1 : this.#waiting.findIndex((one) => one.shape === shape && !one.isDead);
    const [found] = at < 0 ? [] : this.#waiting.splice(at, 1);
    found?.made.group?.limit(spec.limits);
    return found?.made;
  }

  /** Makes as many as are missing, beside the work; those of another shape make room. */
  refill(spec: SandboxSpec): void {
    const shape = shapeOf(spec);
    if (shape === undefined || this.#isClosed) return;
    for (const other of this.#waiting.filter((one) => one.shape !== shape || one.isDead)) {
      this.#waiting.splice(this.#waiting.indexOf(other), 1);
      end(other.made);
    }
    while (this.#waiting.length + this.#making < this.#most) {
      this.#making += 1;
      void this.#add(spec, shape);
    }
  }

  /** Ends those that wait, and those that are just being made. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#waiting.splice(0).map(({ made }) => end(made)));
  }

  async #add(spec: SandboxSpec, shape: string): Promise<void> {
    try {
      const made = await this.#make(spec);
      if (this.#isClosed) return void end(made);
      const waiting: Waiting = { shape, made, isDead: false };
      this.#waiting.push(waiting);
      void made.keeper.ended.then(() => {
        waiting.isDead = true;
        made.launcher?.end();
      });
    } catch {
      // Whoever asks for a sandbox next makes it itself and hears why it cannot be made.
    } finally {
      this.#making -= 1;
    }
  }
}

async function end(made: PreparedSandbox): Promise<void> {
  made.launcher?.end();
  made.keeper.end();
  await made.keeper.ended;
  await made.cleanUp();
}

/** What is fixed once a sandbox is made; undefined when it has something of the host, which is never shared ahead. */
function shapeOf({ limits, mounts = [], homeFolder, network }: SandboxSpec): string | undefined {
  if (mounts.length > 0 || homeFolder !== undefined || network?.mode === 'allowed') return undefined;
  return `${limits.diskBytes} ${limits.tmpBytes}`;
}
