import type { Host } from '../domain/calls/endpoint.ts';
import { PeriodicTask } from '../platform/periodic-task.ts';
import type { OfferedModel } from './resolved.ts';
import { discoverModels } from './discover-models.ts';

/** A model server found on this machine. */
export interface LocalHost {
  readonly host: Host;
  readonly models: readonly string[];
}

/** What discovery needs. */
export interface DiscoverySettings {
  /** Where servers may be; none turns discovery off. */
  hosts(): readonly Host[];
  failed(error: unknown): void;
}

const everyMs = 30_000;

/** Watches the default ports of local model servers, so that they work without configuration. */
export class LocalDiscovery {
  readonly #settings: DiscoverySettings;
  #found: readonly LocalHost[] = [];
  readonly #task: PeriodicTask;
  #changed: (found: readonly LocalHost[]) => void = () => undefined;

  constructor(settings: DiscoverySettings) {
    this.#settings = settings;
    this.#task = new PeriodicTask({ everyMs, turn: () => this.#look(), failed: (error) => settings.failed(error) });
  }

  get found(): readonly LocalHost[] {
    return this.#found;
  }

  /** Looks once, at all places at the same time; calls made meanwhile share the round. */
  refresh(): Promise<void> {
    return this.#task.run();
  }

  /** Looks again and again, and tells when somebody came, left, or serves other models. Keeps no process alive. */
  start(changed: (found: readonly LocalHost[]) => void): void {
    this.#changed = changed;
    this.#task.start();
  }

  close(): Promise<void> {
    return this.#task.stop();
  }

  async #look(): Promise<void> {
    const looks = this.#settings.hosts().map(async (host): Promise<readonly LocalHost[]> => {
      const models = await discoverModels(host);
      return models === undefined ? [] : [{ host, models }];
    });
    const found = (await Promise.all(looks)).flat();
    if (fingerprint(found) === fingerprint(this.#found)) return;
    this.#found = found;
    this.#changed(found);
  }
}

/** The models of found servers as the catalog lists them: `HOST/MODEL`. */
export function offerLocalModels(found: readonly LocalHost[]): OfferedModel[] {
  return found.flatMap(({ host, models }) =>
    models.map((model) => ({
      name: `${host.id}/${model}`,
      host,
      upstreamModel: model,
      description: 'Found on this machine.',
      simulated: false,
    })),
  );
}

function fingerprint(found: readonly LocalHost[]): string {
  return JSON.stringify(found.map(({ host, models }) => [host.id, host.baseUrl, models]));
}
