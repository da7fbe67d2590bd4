import type { LedgerAccount, LedgerTransaction } from '../../../sdk/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments, importTimeoutMs } from '../../shell/connect.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { writeLine } from '../../shell/terminal.ts';
import {
  type Columns,
  jsonArgument,
  listArguments,
  time,
  usd,
  writeObject,
  writeRows,
} from '../../shell/write-answer.ts';

const columns: Columns<LedgerAccount> = {
  account: (account) => account.kind,
  owner: (account) => account.owner || '(organisation)',
  debit: (account) => usd(account.debitNanos),
  credit: (account) => usd(account.creditNanos),
  balance: (account) => usd(account.balanceNanos),
};

/**
 * Shows the balances of the books.
 *
 * @example
 * switchyard ledger accounts --owner acme
 */
export const ledgerAccountsCommand = defineCommand({
  description: 'Show the balance of every account; together they are 0',
  args: {
    owner: { type: 'string', description: 'Only accounts of this customer or host' },
    ...connectionArguments,
    ...jsonArgument,
  },
  async run(args, terminal) {
    const accounts = await connect(args, terminal).ledger.accounts({ owner: args.owner });
    writeRows(terminal, accounts, { columns, json: args.json });
    if (args.json !== true && args.owner === undefined) writeLine(terminal, `sum ${usd(accounts.sumNanos) ?? ''}`);
    return exitCodes.ok;
  },
});

type ShownEntry = LedgerTransaction['entries'][number] & { readonly of: LedgerTransaction };

const entryColumns: Columns<ShownEntry> = {
  transaction: (entry) => entry.of.id,
  booked: (entry) => time(entry.of.bookedAtMs),
  kind: (entry) => entry.of.kind,
  operation: (entry) => entry.of.operationKey,
  account: (entry) => entry.account,
  owner: (entry) => entry.owner || '(organisation)',
  amount: (entry) => usd(entry.amountNanos),
};

/**
 * Lists what was posted.
 *
 * @example
 * switchyard ledger transactions --customer acme
 */
export const ledgerTransactionsCommand = defineCommand({
  description: 'List what was posted, newest first, with every entry',
  args: {
    customer: { type: 'string', description: 'Only those of this customer' },
    kind: { type: 'string', description: 'Only those of this kind, such as usage' },
    ...connectionArguments,
    ...jsonArgument,
    ...listArguments,
  },
  async run(args, terminal) {
    const { customer, kind, cursor, json } = args;
    const limit = args.limit === undefined ? undefined : readCount('limit', args.limit);
    const page = await connect(args, terminal).ledger.transactions({ customer, kind, cursor, limit });
    if (json === true) writeObject(terminal, page, true);
    else {
      const data = page.data.flatMap((of) => of.entries.map((entry) => ({ ...entry, of })));
      writeRows(terminal, { data, nextCursor: page.nextCursor }, { columns: entryColumns, json });
    }
    return exitCodes.ok;
  },
});

/**
 * Says whether journal, ledger and rollups are equal.
 *
 * @example
 * switchyard ledger check
 */
export const ledgerCheckCommand = defineCommand({
  description: 'Add up journal, ledger and rollups independently; fails when they are not equal to the nano',
  args: { ...connectionArguments, ...jsonArgument },
  async run(args, terminal) {
    const sums = await connect(args, terminal, importTimeoutMs).ledger.check();
    if (args.json === true) writeObject(terminal, sums, true);
    else {
      writeLine(terminal, `journal: cost ${usd(sums.journal.costNanos)}, charge ${usd(sums.journal.chargeNanos)}`);
      writeLine(terminal, `ledger:  cost ${usd(sums.ledger.costNanos)}, charge ${usd(sums.ledger.chargeNanos)}`);
      for (const problem of sums.problems) writeLine(terminal, problem);
      writeLine(terminal, sums.ok ? 'equal to the nano' : 'not equal');
    }
    return sums.ok ? exitCodes.ok : exitCodes.failure;
  },
});
