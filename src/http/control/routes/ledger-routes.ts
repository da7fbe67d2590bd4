import { z } from 'zod';
import { listBalances } from '../../../ledger/index.ts';
import { instantText, nanosAsText, text } from '../framework/fields.ts';
import { type ControlRoute, route } from '../framework/route.ts';

const account = z
  .object({
    kind: z.string().meta({ examples: ['prepaid', 'revenue', 'cogs'] }),
    owner: z.string().meta({ description: 'A customer, a host, or empty for the organisation.' }),
    balanceNanos: nanosAsText.meta({ description: 'Debits less credits.' }),
    debitNanos: nanosAsText,
    creditNanos: nanosAsText,
  })
  .meta({ id: 'LedgerAccount' });

/** Routes about the books. */
export function ledgerRoutes(): ControlRoute[] {
  return [
    route({
      operationId: 'listLedgerAccounts',
      method: 'get',
      path: '/ledger/accounts',
      tag: 'ledger',
      summary: 'Balances of all accounts, each exactly the sum of its entries; together they are 0.',
      roles: ['owner', 'finance'],
      scope: 'organisation',
      query: z.strictObject({ owner: text(128).optional(), from: instantText.optional(), to: instantText.optional() }),
      answer: z.object({ data: z.array(account), sumNanos: nanosAsText.meta({ description: '0 without a filter.' }) }),
      async handle({ query: { owner, from, to } }, { database }) {
        const balances = await listBalances(database.db, { owner, fromMs: from, toMs: to });
        const sumNanos = balances.reduce((sum, { balanceNanos }) => sum + balanceNanos, 0n);
        return { data: [...balances], sumNanos };
      },
    }),
  ];
}
