import type { Grant } from '../../../sdk/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { readChoice, readInstant, readUsd } from '../../shell/read-money.ts';
import { type Columns, jsonArgument, time, usd, writeObject, writeRows } from '../../shell/write-answer.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const customer = { type: 'positional', required: true, description: 'Id of the customer' } as const;
const columns: Columns<Grant> = {
  id: (grant) => grant.id,
  kind: (grant) => grant.kind,
  amount: (grant) => usd(grant.amountNanos),
  remaining: (grant) => usd(grant.remainingNanos),
  priority: (grant) => `${grant.priority}`,
  effective: (grant) => time(grant.effectiveAtMs),
  expires: (grant) => time(grant.expiresAtMs),
};

/**
 * Shows a balance.
 *
 * @example
 * switchyard wallets show acme
 */
export const walletsShowCommand = defineCommand({
  description: 'Show the balance of a customer',
  args: { customer, ...shared },
  async run(args, terminal) {
    writeObject(terminal, await connect(args, terminal).wallets.get(args.customer), args.json);
    return exitCodes.ok;
  },
});

/**
 * Opens a wallet.
 *
 * @example
 * switchyard wallets open acme --may-owe 20
 */
export const walletsOpenCommand = defineCommand({
  description: 'Open a wallet: from then on the customer spends what it holds',
  args: {
    customer,
    'may-owe': { type: 'string', description: 'US dollars it may owe beyond the balance; else 0' },
    ...shared,
  },
  async run(args, terminal) {
    const mayOwe = args['may-owe'];
    const receivableLimitNanos = mayOwe === undefined ? undefined : readUsd('may-owe', mayOwe);
    const wallet = await connect(args, terminal).wallets.open(args.customer, { receivableLimitNanos });
    writeObject(terminal, wallet, args.json);
    return exitCodes.ok;
  },
});

/**
 * Lists what was put into a wallet.
 *
 * @example
 * switchyard wallets grants acme
 */
export const walletsGrantsCommand = defineCommand({
  description: 'List every amount that was put into a wallet',
  args: { customer, ...shared },
  async run(args, terminal) {
    writeRows(terminal, await connect(args, terminal).wallets.grants(args.customer), { columns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Sells a prepaid pack, once per operation.
 *
 * @example
 * switchyard wallets buy acme --pack starter --operation payment-4712
 */
export const walletsBuyCommand = defineCommand({
  description: "Sell a prepaid pack of the customer's plan; the same operation sells it once",
  args: {
    customer,
    pack: { type: 'string', required: true, description: 'Name of the pack in the plan' },
    operation: { type: 'string', required: true, description: 'Your id of the payment' },
    ...shared,
  },
  async run(args, terminal) {
    const { pack, operation: operationKey } = args;
    const { grant } = await connect(args, terminal).wallets.buyPack(args.customer, { pack, operationKey });
    writeObject(terminal, grant, args.json);
    return exitCodes.ok;
  },
});

/**
 * Puts an amount into a wallet, once per operation.
 *
 * @example
 * switchyard wallets grant acme --amount 100 --operation payment-4711
 */
export const walletsGrantCommand = defineCommand({
  description: 'Put an amount into a wallet; the same operation puts it in once',
  args: {
    customer,
    amount: { type: 'string', required: true, description: 'US dollars, such as 100' },
    operation: { type: 'string', required: true, description: 'Your id of the payment or gift' },
    kind: { type: 'string', default: 'prepaid', description: 'prepaid or promo' },
    expires: { type: 'string', description: 'When the rest is written off: a date or milliseconds' },
    ...shared,
  },
  async run(args, terminal) {
    const grant = await connect(args, terminal).wallets.grant(args.customer, {
      kind: readChoice('kind', args.kind, ['prepaid', 'promo']),
      amountNanos: readUsd('amount', args.amount),
      operationKey: args.operation,
      expiresAtMs: args.expires === undefined ? undefined : readInstant('expires', args.expires),
    });
    writeObject(terminal, grant, args.json);
    return exitCodes.ok;
  },
});
