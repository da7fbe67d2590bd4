import { parseDecimal, scaleDecimal } from '../../domain/money/decimal.ts';
import { onePpm } from '../../domain/charges/plan.ts';
import { divideSigned, roundToMinorUnit } from '../../domain/charges/proration.ts';

/** A tax as the organisation sets it for a customer. */
export interface Tax {
  readonly name: string;
  readonly ratePpm: bigint;
}

/** How USD become the currency of an invoice; the ledger stays in USD. */
export interface ExchangeRate {
  readonly currency: string;
  /** Units of the currency for one USD, as text. */
  readonly rate: string;
  /** `2026-03-31` */
  readonly rateDate: string;
  readonly source: string;
}

/** A tax on one invoice. */
export interface TaxLine extends Tax {
  readonly amountNanos: bigint;
}

/** What an invoice adds up to. Amounts are in its currency, except those that are named USD. */
export interface InvoiceTotals {
  readonly currency: string;
  readonly exchange: ExchangeRate | undefined;
  /** Exact sum of the lines. */
  readonly netUsdNanos: bigint;
  /** What earlier invoices have carried here. */
  readonly carryInUsdNanos: bigint;
  /** Exact, in the currency of the invoice. */
  readonly exactNanos: bigint;
  readonly roundedNanos: bigint;
  readonly taxes: readonly TaxLine[];
  readonly totalNanos: bigint;
  readonly carryOutUsdNanos: bigint;
  readonly taxUsdNanos: bigint;
  /** Exactly what the ledger books as owed. */
  readonly totalUsdNanos: bigint;
}

const rateDigits = 12;
const oneRate = 10n ** BigInt(rateDigits);

/** Adds lines up: rounded once to what can be paid, then taxed; the remainder is carried to the next invoice. */
export function totalsOf(input: {
  readonly netUsdNanos: bigint;
  readonly carryInUsdNanos: bigint;
  readonly taxes: readonly Tax[];
  readonly exchange: ExchangeRate | undefined;
}): InvoiceTotals {
  const { netUsdNanos, carryInUsdNanos, exchange } = input;
  const currency = exchange?.currency ?? 'USD';
  const minorDigits = minorDigitsOf(currency);
  const exactUsdNanos = netUsdNanos + carryInUsdNanos;
  const rate = exchange ? readRate(exchange) : oneRate;
  const exactNanos = divideSigned(exactUsdNanos * rate, oneRate);
  const { roundedNanos } = roundToMinorUnit(exactNanos, minorDigits);
  const taxes = input.taxes.map((tax) => {
    const { roundedNanos: amountNanos } = roundToMinorUnit(
      divideSigned(roundedNanos * tax.ratePpm, onePpm),
      minorDigits,
    );
    return { ...tax, amountNanos };
  });
  const roundedUsdNanos = inUsd(roundedNanos, exchange);
  const taxUsdNanos = inUsd(
    taxes.reduce((sum, { amountNanos }) => sum + amountNanos, 0n),
    exchange,
  );
  return {
    currency,
    exchange,
    netUsdNanos,
    carryInUsdNanos,
    exactNanos,
    roundedNanos,
    taxes,
    totalNanos: taxes.reduce((sum, { amountNanos }) => sum + amountNanos, roundedNanos),
    carryOutUsdNanos: exactUsdNanos - roundedUsdNanos,
    taxUsdNanos,
    totalUsdNanos: roundedUsdNanos + taxUsdNanos,
  };
}

/** An amount of the invoice's currency in USD, by the invoice's own rate. */
function inUsd(amountNanos: bigint, exchange: ExchangeRate | undefined): bigint {
  return exchange ? divideSigned(amountNanos * oneRate, readRate(exchange)) : amountNanos;
}

/** Decimals that amounts of a currency are paid in. */
export function minorDigitsOf(currency: string): number {
  const { maximumFractionDigits } = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions();
  return maximumFractionDigits ?? 2;
}

function readRate({ rate, currency }: ExchangeRate): bigint {
  const decimal = parseDecimal(rate);
  const scaled = decimal && scaleDecimal(decimal, rateDigits);
  if (!scaled?.exact || scaled.value === 0n)
    throw new RangeError(`${rate} is no exchange rate from USD to ${currency}.`);
  return scaled.value;
}
