import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { PeriodicTask } from '../../platform/periodic-task.ts';
import type { Database } from '../../storage/index.ts';
import type { SpendingNotice, SpendingRules } from './contract.ts';
import { DatabaseLeases } from './database-leases.ts';
import { type GatewayRun, releaseLeases } from './gateway-registry.ts';
import { ReservationGate } from './reservation-gate.ts';
import type { SharedRates } from './shared-rates.ts';

/** How a gateway keeps its limits. */
export interface SpendingServiceSettings {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The directory of the journal is the gateway: its charges are found there. */
  readonly gatewayId: string;
  /** Absent: this process alone decides and counts from its journal. Answers undefined while it is starting. */
  database?(): Database | undefined;
  /** Several gateways on one database need chunked leases. */
  readonly mode?: 'whole' | 'chunked';
  /** How many gateways shared the limits when this one ran last, for the time before its first heartbeat. */
  readonly lastCount?: LastCount;
  /** Rate limits that all gateways count together. */
  readonly sharedRates?: SharedRates | undefined;
  notice?(notice: SpendingNotice): void;
}

/** Remembers a number over restarts. */
export interface LastCount {
  read(): number | undefined;
  write(count: number): void;
}

const tickMs = 1_000;
/** Of gateways that share a database, the first one that starts cannot know that it is alone. */
const assumedGateways = 2;

/** The gate of one gateway with what keeps it going: heartbeats, leases, the shares of rate limits. */
export class SpendingService {
  readonly gate: ReservationGate;
  readonly #settings: SpendingServiceSettings;
  readonly #leases: DatabaseLeases | undefined;
  readonly #task: PeriodicTask;
  #liveGateways = 1;
  /** What the next start will read. */
  #keptCount: number | undefined;

  constructor(settings: SpendingServiceSettings) {
    this.#settings = settings;
    const { clock, logger, gatewayId, mode = 'whole' } = settings;
    const notice = (one: SpendingNotice): void => settings.notice?.(one);
    const database = settings.database?.bind(settings);
    this.#leases = database && new DatabaseLeases({ database, gatewayId, clock, logger, mode, notice });
    this.gate = new ReservationGate({ clock, leases: this.#leases, sharedRates: settings.sharedRates, notice });
    if (mode === 'chunked') {
      this.#keptCount = settings.lastCount?.read();
      this.#liveGateways = this.#keptCount ?? assumedGateways;
      this.gate.setShare({ count: this.#liveGateways });
    }
    this.#task = new PeriodicTask({
      everyMs: tickMs,
      turn: () => this.#tick(),
      failed: (error) => logger.error({ err: error }, 'budgets and rates could not be looked after'),
    });
  }

  /** This run of the gateway; undefined without a database, or before it was reached. */
  get run(): GatewayRun | undefined {
    return this.#leases?.run;
  }

  get liveGateways(): number {
    return this.#liveGateways;
  }

  setRules(rules: SpendingRules): void {
    this.gate.setRules(rules);
  }

  /** Registers the gateway, if there is a database, and keeps its leases from now on. */
  async start(): Promise<void> {
    await this.tick();
    this.#task.start();
  }

  /** What happens each second; ticks never overlap. */
  tick(): Promise<void> {
    return this.#task.run();
  }

  /**
   * Voids what earlier runs of this gateway had leased. Call it once the projector has reached the place where the
   * journal ended at the start: until then it counts as spent.
   */
  async releaseEarlierRuns(): Promise<bigint> {
    const { gatewayId } = this.#settings;
    const database = this.#settings.database?.();
    const { run } = this;
    if (database === undefined || run === undefined) return 0n;
    return releaseLeases(database, { gatewayId, beforeEpoch: run.epoch });
  }

  /** Gives back what is unused. */
  async close(): Promise<void> {
    await this.#task.stop();
    await this.#leases?.close(this.gate.counters);
    await this.#settings.sharedRates?.close();
  }

  /** A full disk costs the next start its first share, nothing more. */
  #keepCount(live: number): void {
    const { lastCount, logger } = this.#settings;
    try {
      lastCount?.write(live);
      this.#keptCount = live;
    } catch (error) {
      logger.warn({ err: error }, 'the number of live gateways could not be kept');
    }
  }

  async #tick(): Promise<void> {
    this.gate.sweep();
    const live = await this.#leases?.tick(this.gate.counters);
    if (live === undefined) return;
    this.#liveGateways = live.count;
    this.gate.setShare(live);
    if (this.#settings.mode === 'chunked' && live.count !== this.#keptCount) this.#keepCount(live.count);
  }
}
