import { formatNanosAsUsd } from '../../../domain/money/money.ts';
import type { CostExplanation } from '../../../sdk/index.ts';

type Attempt = CostExplanation['attempts'][number];

/** Tells the arithmetic of a request in about a screenful. */
export function describeCost(explained: CostExplanation): string[] {
  const { requestId, status, model, customer, attempts, charge } = explained;
  return [
    `${requestId}  ${status}, ${model ?? 'unknown model'} for ${customer ?? 'unknown customer'}`,
    ...attempts.flatMap(describeAttempt),
    `cost of all attempts   ${amountText(explained.costNanos)}`,
    ...(charge === null ? [] : describeCharge(charge)),
    ...(explained.marginNanos === null ? [] : [`margin                 ${amountText(explained.marginNanos)}`]),
  ];
}

function describeAttempt({ attempt, host, upstreamModel, startedAtMs, flags, ...cost }: Attempt): string[] {
  const marks = flags.length === 0 ? '' : ` [${flags.join(', ')}]`;
  const head = `attempt ${attempt}  ${host}/${upstreamModel} at ${new Date(startedAtMs).toISOString()}${marks}`;
  const { rating, isConfirmed, costNanos } = cost;
  if (rating === null) {
    const why = costNanos === '0' ? 'nothing was used' : 'the versions that rated it are not known here';
    return [head, `  ${amountText(costNanos)}: ${why}`];
  }
  const { priceVersionId = 'no price', contractVersionId } = rating;
  const contract = contractVersionId === undefined ? '' : `, contract ${contractVersionId}`;
  return [
    head,
    `  by ${priceVersionId}${contract}${isConfirmed === false ? ` — the journal says ${costNanos ?? 'unknown'}` : ''}`,
    ...rating.text.map((line) => `    ${line}`),
  ];
}

function describeCharge(charge: NonNullable<CostExplanation['charge']>): string[] {
  const differs = charge.isConfirmed === false ? ' — computed again it differs' : '';
  return [
    `charge by ${charge.planVersionId}${differs}`,
    ...charge.text.map((line) => `    ${line}`),
    `charged                ${amountText(charge.chargeNanos)}`,
  ];
}

function amountText(amountNanos: string | null): string {
  return amountNanos === null ? 'unknown' : `${amountNanos} nano-USD = ${formatNanosAsUsd(BigInt(amountNanos))}`;
}
