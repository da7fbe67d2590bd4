import { z } from 'zod';
import { checkSums, listBalances, type ListedTransaction, listTransactions } from '../../../ledger/index.ts';
import { readCursor, toPage } from '../framework/cursor.ts';
import { instantText, nanosAsText, pageFields, pageOf, text } from '../framework/fields.ts';
import { type ControlRoute, route } from '../framework/route.ts';

/** Where the journals lie that the books are compared with. */
export interface LedgerDeps {
  readonly journalDirectory: string;
}

const account = z
  .object({
    kind: z.string().meta({ examples: ['prepaid', 'revenue', 'cogs'] }),
    owner: z.string().meta({ description: 'A customer, a host, or empty for the organisation.' }),
    balanceNanos: nanosAsText.meta({ description: 'Debits less credits.' }),
    debitNanos: nanosAsText,
    creditNanos: nanosAsText,
  })
  .meta({ id: 'LedgerAccount' });

const transaction = z
  .object({
    id: z.string(),
    kind: z.string().meta({ examples: ['usage', 'top_up', 'correction'] }),
    operationKey: z.string().meta({ description: 'Posting the same operation twice posts it once.' }),
    sourceRef: z.string().meta({ description: 'Where it comes from: places of a journal, an invoice, a payment.' }),
    customer: z.string(),
    host: z.string(),
    bookedAtMs: z.number().meta({ description: 'When it counts, which decides the period.' }),
    reversesTransactionId: z.string().nullable(),
    memo: z.string(),
    entries: z
      .array(
        z.object({
          account: z.string(),
          owner: z.string(),
          amountNanos: nanosAsText.meta({ description: 'Debits are positive, credits negative.' }),
        }),
      )
      .meta({ description: 'Together they are 0.' }),
  })
  .meta({ id: 'LedgerTransaction' });

const place = z.object({ costNanos: nanosAsText, chargeNanos: nanosAsText });
const sums = z
  .object({
    ok: z.boolean(),
    journal: place,
    quarantined: place.meta({ description: 'Of facts that were set apart: the journal has them, the books do not.' }),
    corrected: place,
    ledger: place,
    slots: place,
    days: place,
    hosts: z.object({ costNanos: nanosAsText }),
    unbalanced: z.string(),
    incomplete: z
      .array(z.string())
      .readonly()
      .meta({ description: 'Gateways whose oldest segments are gone: books are compared with each other only.' }),
    problems: z.array(z.string()).readonly().meta({ description: 'One sentence for each thing that is not equal.' }),
  })
  .meta({ id: 'LedgerCheck' });

const shared = { method: 'get', tag: 'ledger', roles: ['owner', 'finance'], scope: 'organisation' } as const;
const label = text(128).optional();

/** Routes about the books. */
export function ledgerRoutes(deps: LedgerDeps): ControlRoute[] {
  return [accounts(), transactions(), check(deps)];
}

function accounts(): ControlRoute {
  return route({
    ...shared,
    operationId: 'listLedgerAccounts',
    path: '/ledger/accounts',
    summary: 'Balances of all accounts, each exactly the sum of its entries; together they are 0.',
    query: z.strictObject({ owner: label, from: instantText.optional(), to: instantText.optional() }),
    answer: z.object({ data: z.array(account), sumNanos: nanosAsText.meta({ description: '0 without a filter.' }) }),
    async handle({ query: { owner, from, to } }, { database }) {
      const balances = await listBalances(database.db, { owner, fromMs: from, toMs: to });
      const sumNanos = balances.reduce((sum, { balanceNanos }) => sum + balanceNanos, 0n);
      return { data: [...balances], sumNanos };
    },
  });
}

function transactions(): ControlRoute {
  return route({
    ...shared,
    operationId: 'listLedgerTransactions',
    path: '/ledger/transactions',
    summary: 'What was posted, newest first, each transaction with its entries.',
    query: z.strictObject({
      ...pageFields,
      customer: label,
      host: label,
      kind: label,
      from: instantText.optional(),
      to: instantText.optional(),
    }),
    answer: pageOf(transaction),
    async handle({ query: { limit, cursor, from, to, ...where } }, { database }) {
      const after = readCursor(cursor, ['number'])?.[0];
      const beforeId = after === undefined ? undefined : BigInt(after);
      const wanted = { ...where, fromMs: from, toMs: to, limit: limit + 1, beforeId };
      const rows = await listTransactions(database.db, wanted);
      return toPage(rows.map(toAnswer), limit, (one) => [Number(one.id)]);
    },
  });
}

function check({ journalDirectory }: LedgerDeps): ControlRoute {
  return route({
    ...shared,
    operationId: 'checkLedger',
    path: '/ledger/check',
    summary: 'Adds up journal, ledger and rollups independently and says whether they are equal to the nano.',
    answer: sums,
    async handle(_input, { database }) {
      const { unbalanced, ...report } = await checkSums(database, journalDirectory);
      return { ...report, unbalanced: unbalanced.toString() };
    },
  });
}

function toAnswer({ id, reversesTxnId, entries, ...one }: ListedTransaction): z.input<typeof transaction> {
  return {
    ...one,
    id: id.toString(),
    reversesTransactionId: reversesTxnId?.toString() ?? null,
    entries: [...entries],
  };
}
