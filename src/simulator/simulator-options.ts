import type { Clock } from '../platform/clock.ts';
import type { SimulatorStats } from './counters.ts';
import type { Script } from './scripts/script.ts';

/** How to start a simulator; every field has a default fit for tests. */
export interface SimulatorOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Name under which thinking is signed and prompts are cached; default the port. */
  readonly label?: string;
  /** Script below that of every request, in the compact grammar or as an object. */
  readonly script?: string | Script;
  /** Models that exist; any name when absent. Their list is what `GET /models` answers. */
  readonly models?: readonly string[];
  /** Demanded in any of the usual credential headers; none when absent. */
  readonly apiKey?: string;
  /** Reports prompt-cache hits even without the script word `cache`. */
  readonly prefixCache?: boolean;
  /** Answers from prebuilt bytes without looking at requests; for benchmarks. */
  readonly instant?: boolean;
  /** False turns off scripts from requests and the `/__fake` routes: what the product offers to its users. */
  readonly scripting?: boolean;
  /** How many requests are kept with headers and body; default 100, 0 without scripting. */
  readonly recordLimit?: number;
  /** Largest request body; default 256 MiB. */
  readonly maxBodyBytes?: number;
  readonly clock?: Clock;
}

/** A running simulator. */
export interface Simulator {
  /** Origin without a path, such as `http://127.0.0.1:9101`. */
  readonly url: string;
  readonly port: number;
  /** Closes all connections at once. */
  close(): Promise<void>;
  stats(): SimulatorStats;
  /** Forgets counters, scripts, caches and stored objects. */
  reset(): void;
  /** Sets the scripts of a model (`*`: of all): the k-th request takes the k-th, later ones the last. */
  script(model: string, ...scripts: readonly (string | Script)[]): void;
  /** Sets the moment from which `sinceMarkMs` of later aborts is counted. */
  mark(): void;
  /** Calls the listener after every change of the counters, until the returned function is called. */
  onChange(listener: () => void): () => void;
}
