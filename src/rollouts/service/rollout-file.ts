import { join } from 'node:path';
import { readOptionalFile } from '../../platform/read-optional-file.ts';
import { writeAtomically } from '../../storage/index.ts';
import { parseRollouts, type Rollout, writeRollouts } from './rollout-store.ts';

/** The last known rollouts beside the journal: a gateway that starts without the database keeps to them. */
export class RolloutFile {
  readonly #file: string;
  #last: readonly Rollout[] | undefined;
  #written: string | undefined;

  constructor(dataDirectory: string) {
    this.#file = join(dataDirectory, 'rollouts.json');
  }

  /** What the last run left; nothing when there is none. */
  async read(): Promise<readonly Rollout[]> {
    const text = await readOptionalFile(this.#file);
    return text === undefined ? [] : parseRollouts(text);
  }

  /** Written only when it differs from what was written last. */
  async write(rollouts: readonly Rollout[]): Promise<void> {
    if (rollouts === this.#last) return;
    const text = writeRollouts(rollouts);
    if (text !== this.#written) await writeAtomically(this.#file, text, { durable: false });
    this.#last = rollouts;
    this.#written = text;
  }
}
