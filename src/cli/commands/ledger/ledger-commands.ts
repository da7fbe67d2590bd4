import type { LedgerAccount } from '../../../sdk/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { writeLine } from '../../shell/terminal.ts';
import { type Columns, jsonArgument, usd, writeRows } from '../../shell/write-answer.ts';

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
