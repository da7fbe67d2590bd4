import { parseDecimal, scaleDecimal } from '../../domain/money/decimal.ts';
import { LedgerError } from '../ledger-error.ts';
import type { InvoiceSettings } from './compute-invoice.ts';
import type { ExchangeRate } from './invoice-totals.ts';

/** Decisions for one invoice as callers give them and the database keeps them. */
export interface InvoiceSettingsInput {
  /** Percentages as text: `19`, `7.7`. */
  readonly taxes?: readonly { readonly name: string; readonly percent: string }[] | undefined;
  readonly exchange?: ExchangeRate | undefined;
  /** Days until it is to be paid. */
  readonly dueDays?: number | undefined;
}

const defaultDueDays = 30;
const percentDigits = 4;

/** Reads the decisions for an invoice; refuses a tax that is no percentage. */
export function readSettings(input: InvoiceSettingsInput): InvoiceSettings {
  const taxes = (input.taxes ?? []).map(({ name, percent }) => {
    const decimal = parseDecimal(percent);
    const ratePpm = decimal && scaleDecimal(decimal, percentDigits);
    if (!ratePpm?.exact)
      throw new LedgerError('invalid', `${percent} is no percentage of at most 4 decimals: tax ${name}`);
    return { name, ratePpm: ratePpm.value };
  });
  return { taxes, exchange: input.exchange, dueDays: input.dueDays ?? defaultDueDays };
}
