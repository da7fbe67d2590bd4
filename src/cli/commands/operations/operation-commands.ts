import type { GatewayRun, OutboxState, ProjectionState, QuarantinedFact } from '../../../sdk/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { type Columns, jsonArgument, time, usd, writeObject, writeRows } from '../../shell/write-answer.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const projectionColumns: Columns<ProjectionState> = {
  gateway: (one) => one.gatewayId,
  segment: (one) => `${one.segment}`,
  facts: (one) => one.facts,
  behind: (one) => (one.segmentsBehind ? `${one.segmentsBehind} segments` : bytesText(one.bytesBehind)),
  failure: (one) => one.failure ?? undefined,
};
const quarantineColumns: Columns<QuarantinedFact> = {
  id: (fact) => fact.id,
  request: (fact) => fact.requestId,
  reason: (fact) => fact.reason,
  cost: (fact) => usd(fact.costNanos),
  charge: (fact) => usd(fact.chargeNanos),
  detail: (fact) => fact.detail,
};
const gatewayColumns: Columns<GatewayRun> = {
  gateway: (run) => run.gatewayId,
  run: (run) => run.epoch,
  status: (run) => run.status,
  'last beat': (run) => time(run.beatAtMs),
  leased: (run) => usd(run.leasedNanos),
};
const outboxColumns: Columns<OutboxState> = {
  sink: (one) => one.sink,
  state: (one) => one.state,
  messages: (one) => one.messages,
  oldest: (one) => time(one.oldestAtMs),
  'last error': (one) => one.lastError ?? undefined,
};

function bytesText(bytes: number | null): string | undefined {
  return bytes === null ? undefined : `${bytes} bytes`;
}

/**
 * Shows how far journals are projected.
 *
 * @example
 * switchyard ledger projections
 */
export const ledgerProjectionsCommand = defineCommand({
  description: 'Show how far the journal of each gateway is in ledger and rollups',
  args: shared,
  async run(args, terminal) {
    const answer = await connect(args, terminal).operations.projections();
    writeRows(terminal, answer, { columns: projectionColumns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Lists facts that are not in the books.
 *
 * @example
 * switchyard ledger quarantine list
 */
export const ledgerQuarantineListCommand = defineCommand({
  description: 'List facts that are not in the books, and why',
  args: {
    released: { type: 'boolean', description: 'Those that were booked after all' },
    cursor: { type: 'string', description: 'Where the next page begins' },
    ...shared,
  },
  async run(args, terminal) {
    const state = args.released === true ? 'released' : 'held';
    const page = await connect(args, terminal).operations.quarantine({ cursor: args.cursor, state });
    writeRows(terminal, page, { columns: quarantineColumns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Books the cost of a fact that was set apart because its price gave another one.
 *
 * @example
 * switchyard ledger quarantine release 17 --reason "the price list had a typing error, corrected on 2 May"
 */
export const ledgerQuarantineReleaseCommand = defineCommand({
  description: 'Book the cost of a fact that was held because its price gave another one, once the price is corrected',
  args: {
    id: { type: 'positional', required: true, description: 'Id of the quarantined fact' },
    reason: { type: 'string', required: true, description: 'Why it is right; kept for ever' },
    'accept-difference': { type: 'boolean', description: 'Although its price still gives another cost' },
    ...shared,
  },
  async run(args, terminal) {
    const body = { reason: args.reason, acceptDifference: args['accept-difference'] === true };
    writeObject(terminal, await connect(args, terminal).operations.releaseQuarantined(args.id, body), args.json);
    return exitCodes.ok;
  },
});

/**
 * Lists gateways with what they have leased.
 *
 * @example
 * switchyard gateways list
 */
export const gatewaysListCommand = defineCommand({
  description: 'List gateways on this database with what they have leased of limits',
  args: shared,
  async run(args, terminal) {
    const answer = await connect(args, terminal).operations.gateways();
    writeRows(terminal, answer, { columns: gatewayColumns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Gives back what a gateway had leased.
 *
 * @example
 * switchyard gateways release gw-0123456789ab
 */
export const gatewaysReleaseCommand = defineCommand({
  description: 'Give back what a gateway that will not return had leased, once its journal is projected or lost',
  args: {
    id: { type: 'positional', required: true, description: 'Name of the gateway' },
    'accept-live': { type: 'boolean', description: 'Although a run of it is live: it is fenced' },
    ...shared,
  },
  async run(args, terminal) {
    const acceptLive = args['accept-live'] === true;
    writeObject(terminal, await connect(args, terminal).operations.release(args.id, { acceptLive }), args.json);
    return exitCodes.ok;
  },
});

/**
 * Shows what waits for other systems.
 *
 * @example
 * switchyard outbox show
 */
export const outboxShowCommand = defineCommand({
  description: 'Show messages to other systems by state: waiting, sent, refused, superseded',
  args: shared,
  async run(args, terminal) {
    writeRows(terminal, await connect(args, terminal).operations.outbox(), { columns: outboxColumns, json: args.json });
    return exitCodes.ok;
  },
});
