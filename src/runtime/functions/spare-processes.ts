import type { ProcessFrame } from './empty-process.ts';
import type { FunctionProcess } from './function-process.ts';

/** What spare processes need. */
export interface SpareSettings {
  /** How many there are at once. */
  readonly most: number;
  start(frame: ProcessFrame): Promise<FunctionProcess>;
}

interface Spare {
  readonly frame: ProcessFrame;
  readonly process: Promise<FunctionProcess>;
}

/** Processes without an app that are made ahead, so that no request waits for an engine. */
export class SpareProcesses {
  readonly #settings: SpareSettings;
  #spares: Spare[] = [];

  constructor(settings: SpareSettings) {
    this.#settings = settings;
  }

  get isEmpty(): boolean {
    return this.#spares.length === 0;
  }

  /** One that can be given an app; undefined when none is there. It may still be on its way, ahead of any new one. */
  take(frame: ProcessFrame): Promise<FunctionProcess> | undefined {
    const found = this.#spares.find((one) => isAlike(one.frame, frame));
    if (found !== undefined) this.#forget(found);
    return found?.process;
  }

  /** Makes one of a kind unless it is there; another kind that is in the way ends. */
  refill(frame: ProcessFrame): void {
    const { most, start } = this.#settings;
    if (most === 0 || this.#spares.some((one) => isAlike(one.frame, frame))) return;
    if (this.#spares.length >= most) this.#spares.splice(0, 1).forEach(end);
    const spare: Spare = { frame, process: start(frame) };
    this.#spares.push(spare);
    spare.process.then(
      ({ gone }) => gone.then(() => this.#forget(spare)),
      // Whoever needs one next hears why it cannot be started.
      () => this.#forget(spare),
    );
  }

  /** Resolves when those that are being made wait for their app. */
  async settled(): Promise<void> {
    const processes = await Promise.all(this.#spares.map(({ process }) => process));
    await Promise.all(processes.map(({ isWaiting, gone }) => Promise.race([isWaiting, gone])));
  }

  /** Ends all of them. */
  async clear(): Promise<void> {
    await Promise.all(this.#spares.splice(0).map(end));
  }

  #forget(spare: Spare): void {
    this.#spares = this.#spares.filter((one) => one !== spare);
  }
}

async function end({ process }: Spare): Promise<void> {
  const started = await process.catch(() => undefined);
  started?.kill();
  await started?.gone;
}

function isAlike(one: ProcessFrame, other: ProcessFrame): boolean {
  return one.heapMb === other.heapMb && one.hasEgress === other.hasEgress;
}
