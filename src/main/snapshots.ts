import {
  buildAllHosts,
  Catalog,
  CatalogFacts,
  LocalDiscovery,
  type LocalHost,
  localHosts,
  offerLocalModels,
  type OfferedModel,
  type StoredJob,
} from '../catalog/index.ts';
import { type LoadedConfig, locateFault, policySchema, readSecret } from '../config/index.ts';
import type { Host } from '../domain/calls/endpoint.ts';
import { Fault } from '../domain/faults/fault.ts';
import { systemClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { ProviderRegistry } from '../providers/index.ts';
import { simulatedModels, type Simulator, startSimulator } from '../simulator/index.ts';
import { type OtlpTarget, readOtlpTarget } from '../telemetry/index.ts';
import { buildKeyRing, type ControlSnapshot, type KeyRing } from '../tenants/index.ts';

/** What a reload replaces as a whole. */
export interface Snapshot {
  readonly loaded: LoadedConfig;
  readonly catalog: Catalog;
  readonly keys: KeyRing;
  readonly otlpTarget: OtlpTarget | undefined;
}

/** The current snapshot with what changes it. */
export interface Snapshots {
  readonly state: { snapshot: Snapshot; isDraining: boolean };
  readonly discovery: LocalDiscovery;
  /** Makes a configuration the current one. Throws a Fault when it names what does not exist. */
  adopt(loaded: LoadedConfig): void;
  /** Takes customers and keys of the database. */
  adoptControl(control: ControlSnapshot): void;
  /** Takes jobs that the control API made. */
  adoptJobs(jobs: readonly StoredJob[]): void;
  close(): Promise<void>;
}

/** Opens the first snapshot; it changes with another configuration, or model servers found on this machine. */
export async function openSnapshots(
  loaded: LoadedConfig,
  providers: ProviderRegistry,
  logger: Logger,
): Promise<Snapshots> {
  let latest = loaded;
  let control: ControlSnapshot | undefined;
  let jobs: readonly StoredJob[] = [];
  const discovery = new LocalDiscovery({
    hosts: () => localHosts(latest, providers.listProviders()),
    failed: (error) => logger.error({ err: error }, 'model servers of this machine could not be looked for'),
  });
  const simulating = startSimulator({ scripting: false, models: simulatedModels.map(({ name }) => name) });
  const [simulator] = await Promise.all([simulating, discovery.refresh()]);
  const facts = new CatalogFacts();
  const snapshot = (next: LoadedConfig): Snapshot =>
    snapshotOf(next, providers, { simulator, found: discovery.found, facts, control, jobs });
  const close = async (): Promise<void> => {
    await Promise.all([discovery.close(), simulator.close()]);
  };
  const state = { snapshot: await firstOr(close, loaded, snapshot), isDraining: false };
  discovery.start((found) => {
    state.snapshot = snapshot(latest);
    logger.info({ hosts: found.map(({ host, models }) => ({ host: host.id, models: models.length })) }, 'local hosts');
  });
  return {
    state,
    discovery,
    adopt(next) {
      const taken = jobs.find(({ name }) => Object.hasOwn(next.config.jobs, name));
      if (taken) throw nameTaken(taken.name);
      state.snapshot = snapshot(next);
      latest = next;
    },
    adoptControl(next) {
      control = next;
      const { snapshot: known } = state;
      state.snapshot = { ...known, keys: buildKeyRing(latest, { snapshot: control, clock: systemClock }) };
    },
    adoptJobs(next) {
      // They are looked at every few seconds, and a new snapshot throws away what was worked out of the old one.
      if (JSON.stringify(next) === JSON.stringify(jobs)) return;
      jobs = next;
      state.snapshot = snapshot(latest);
      const own = latest.config.jobs;
      for (const { name } of jobs)
        if (Object.hasOwn(own, name))
          logger.error({ job: name }, 'a job of the control API has the name of one in the configuration, which wins');
    },
    close,
  };
}

/** A configuration that names what does not exist leaves nothing open that would keep the process. */
async function firstOr(
  close: () => Promise<void>,
  loaded: LoadedConfig,
  snapshot: (loaded: LoadedConfig) => Snapshot,
): Promise<Snapshot> {
  try {
    return snapshot(loaded);
  } catch (error) {
    await close();
    throw Fault.is(error) ? locateFault(error, loaded) : error;
  }
}

interface SnapshotParts {
  readonly simulator: Simulator;
  readonly found: readonly LocalHost[];
  readonly facts: CatalogFacts;
  readonly control: ControlSnapshot | undefined;
  readonly jobs: readonly StoredJob[];
}

function snapshotOf(
  loaded: LoadedConfig,
  providers: ProviderRegistry,
  { simulator, found, facts, control, jobs }: SnapshotParts,
): Snapshot {
  const hosts = buildAllHosts(loaded, providers.listProviders(), found);
  const simulated: Host = {
    id: 'sim',
    protocol: 'openai-chat',
    providerId: 'generic-openai-chat',
    baseUrl: `${simulator.url}/v1`,
    auth: { type: 'none' },
    timeouts: { connectMs: 2000, firstTokenMs: 30_000, idleMs: 30_000, totalMs: 600_000 },
    headers: {},
    maxConnections: 4096,
  };
  const offered = simulatedModels.map(({ name, description, price }): OfferedModel => ({
    name,
    host: simulated,
    upstreamModel: localName(name),
    description,
    simulated: true,
    price,
  }));
  const everyOffer = [...offerLocalModels(found), ...offered];
  const known = { facts, atMs: systemClock.nowMs() };
  const catalog = new Catalog({
    loaded,
    hosts,
    offered: everyOffer,
    jobs,
    defaultPolicy: policySchema.parse({}),
    known,
    providers: providers.listProviders(),
  });
  const keys = buildKeyRing(loaded, { snapshot: control, clock: systemClock });
  return { loaded, catalog, keys, otlpTarget: otlpTargetOf(loaded) };
}

function otlpTargetOf({ config, secrets }: LoadedConfig): OtlpTarget | undefined {
  const { otlpEndpoint, otlpHeaders: reference } = config.telemetry;
  const otlpHeaders = reference === undefined ? undefined : readSecret(reference, secrets);
  return readOtlpTarget({ otlpEndpoint, otlpHeaders }, secrets.environment);
}

function nameTaken(job: string): Fault {
  const message = `jobs.${job}: a job of this name was made by the control API; archive it there, or take another name.`;
  return new Fault('invalid_request', { message, param: `jobs.${job}` });
}

/** `sim/small` is `small` at the simulator. */
function localName(name: string): string {
  return name.replace(/^sim\//, '');
}
