import { Fault } from '../../domain/faults/fault.ts';
import { silentLogger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import type { Database } from '../../storage/index.ts';
import {
  ChargeProjector,
  type Hold,
  type ProjectedCharge,
  readSpendingRules,
  releaseLeases,
  type Spender,
  SpendingService,
} from '../spending/index.ts';

/** One gateway process of a fleet, with the charges that its journal holds and nobody has projected. */
export interface FleetGateway {
  readonly id: string;
  readonly service: SpendingService;
  readonly running: Map<string, { readonly hold: Hold; readonly startedAtMs: number }>;
  journal: ProjectedCharge[];
  isAlive: boolean;
}

/** Several gateways on one database whose clock, deaths and projections a test decides. */
export class GatewayFleet {
  readonly gateways: FleetGateway[] = [];
  readonly #database: Database;
  readonly #random: Random;
  readonly #projector = new ChargeProjector();
  #nowMs = 1_000_000;
  #serial = 0;

  constructor(database: Database, random: Random) {
    this.#database = database;
    this.#random = random;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get living(): FleetGateway[] {
    return this.gateways.filter(({ isAlive }) => isAlive);
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }

  async startGateway(id: string): Promise<FleetGateway> {
    const clock = { nowMs: () => this.#nowMs, monotonicMs: () => this.#nowMs };
    const service = new SpendingService({
      clock,
      logger: silentLogger,
      gatewayId: id,
      mode: 'chunked',
      database: () => this.#database,
    });
    service.setRules(await readSpendingRules(this.#database.db));
    await service.tick();
    const gateway: FleetGateway = { id, service, running: new Map(), journal: [], isAlive: true };
    this.gateways.push(gateway);
    return gateway;
  }

  /** Admits an exchange on a gateway; the id of what runs, or the refusal. */
  async open(gateway: FleetGateway, spender: Spender, amountNanos: bigint): Promise<string | Fault> {
    const exchangeId = `x${this.#serial++}`;
    const startedAtMs = this.#nowMs;
    const request = { exchangeId, spender, amountNanos, tokensEstimate: 0, atMs: startedAtMs };
    const answer = await gateway.service.gate.admit(request);
    if (Fault.is(answer)) return answer;
    gateway.running.set(exchangeId, { hold: answer, startedAtMs });
    return exchangeId;
  }

  /** Ends an exchange: the fact is in the journal first, then the hold is settled. */
  close(
    gateway: FleetGateway,
    exchangeId: string,
    { spender, chargeNanos }: Pick<ProjectedCharge, 'spender' | 'chargeNanos'>,
  ): void {
    const entry = gateway.running.get(exchangeId);
    if (entry === undefined) throw new Error(`${exchangeId} does not run`);
    gateway.running.delete(exchangeId);
    const { startedAtMs } = entry;
    gateway.journal.push({ exchangeId, gatewayId: gateway.id, spender, chargeNanos, startedAtMs });
    entry.hold.settle(chargeNanos, this.#nowMs);
  }

  /** The process is gone; recovery closes what ran with an estimate within its hold. */
  kill(gateway: FleetGateway, spender: Spender): void {
    gateway.isAlive = false;
    for (const [exchangeId, { hold, startedAtMs }] of gateway.running) {
      const chargeNanos = (hold.amountNanos * BigInt(this.#random.uint32() % 101)) / 100n;
      gateway.journal.push({ exchangeId, gatewayId: gateway.id, spender, chargeNanos, startedAtMs });
    }
    gateway.running.clear();
  }

  /** Projects everything that a gateway's journal holds. */
  async project(gateway: FleetGateway): Promise<void> {
    const rows = gateway.journal;
    gateway.journal = [];
    await this.#database.db.transaction().execute(async (trx) => this.#projector.settleProjected(trx, rows));
  }

  /** The dead gateway's journal is projected to its end: what it had not used comes back. */
  async bury(gateway: FleetGateway): Promise<void> {
    await this.project(gateway);
    await releaseLeases(this.#database, { gatewayId: gateway.id });
  }
}
