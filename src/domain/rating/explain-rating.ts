import { formatNanosAsUsd, formatPicosAsUsdPerMillion, formatPpm } from '../money/money.ts';
import type { Rating, RatingLine, RatingRatio } from './rating.ts';

/** A step of the arithmetic as data; integers are texts because JSON numbers cannot hold them. */
export interface ExplainedLine {
  readonly bucket: string;
  readonly units: number;
  readonly picosPerUnit: string;
  readonly picos: string;
  readonly assumedFrom?: string;
  readonly isFee?: true;
}

/** How an attempt came to its cost: what was multiplied with what, and rounded where. */
export interface RatingExplanation {
  readonly lines: readonly ExplainedLine[];
  readonly ratios: readonly { readonly kind: RatingRatio['kind']; readonly ppm: string }[];
  readonly unpriced: readonly string[];
  readonly costNanos: string | null;
  readonly costSource: Rating['costSource'];
  readonly computedCostNanos: string | null;
  readonly reportedCostNanos?: string;
  readonly priceVersionId?: string;
  readonly contractVersionId?: string;
  /** The same for people, one step a line. */
  readonly text: readonly string[];
}

/** Shows the arithmetic of a rating; whoever repeats it with pencil and paper gets the same nano. */
export function explainRating(rating: Rating): RatingExplanation {
  const { reportedCostNanos, priceVersionId, contractVersionId } = rating;
  return {
    lines: rating.lines.map(explainLine),
    ratios: rating.ratios.map(({ kind, ppm }) => ({ kind, ppm: ppm.toString() })),
    unpriced: rating.unpriced,
    costNanos: rating.costNanos?.toString() ?? null,
    costSource: rating.costSource,
    computedCostNanos: rating.computedCostNanos?.toString() ?? null,
    ...(reportedCostNanos !== undefined && { reportedCostNanos: reportedCostNanos.toString() }),
    ...(priceVersionId !== undefined && { priceVersionId }),
    ...(contractVersionId !== undefined && { contractVersionId }),
    text: textOf(rating),
  };
}

function explainLine({ bucket, units, picosPerUnit, picos, assumedFrom, isFee }: RatingLine): ExplainedLine {
  return {
    bucket,
    units,
    picosPerUnit: picosPerUnit.toString(),
    picos: picos.toString(),
    ...(assumedFrom && { assumedFrom }),
    ...(isFee && { isFee }),
  };
}

function textOf(rating: Rating): string[] {
  const text = rating.lines.map(lineText);
  const work = sumOf(rating.lines.filter(({ isFee }) => !isFee));
  const fees = sumOf(rating.lines.filter(({ isFee }) => isFee));
  if (rating.lines.length > 0) text.push(`sum: ${work} pico-USD${fees > 0n ? `, and ${fees} pico-USD of fees` : ''}`);
  for (const { kind, ppm } of rating.ratios) text.push(`${kind}: × ${formatPpm(ppm)}`);
  if (rating.unpriced.length > 0) text.push(`price unknown: ${rating.unpriced.join(', ')}`);
  if (rating.isOutOfRange) text.push('refused: beyond what can be stored');
  const { computedCostNanos, reportedCostNanos } = rating;
  if (computedCostNanos !== null) text.push(`computed: ${amountText(computedCostNanos)}, rounded once, half to even`);
  if (reportedCostNanos !== undefined) text.push(`reported by the provider: ${amountText(reportedCostNanos)}`);
  text.push(
    rating.costNanos === null ? 'cost: unknown' : `cost (${rating.costSource}): ${amountText(rating.costNanos)}`,
  );
  return text;
}

function lineText({ bucket, units, picosPerUnit, picos, assumedFrom }: RatingLine): string {
  const from = assumedFrom ? ` (price of ${assumedFrom})` : '';
  const price = bucket === 'call' ? '' : `, ${formatPicosAsUsdPerMillion(picosPerUnit)} per million`;
  return `${bucket}: ${units} × ${picosPerUnit} = ${picos} pico-USD${from}${price}`;
}

/** An amount as explanations write it: exact, and in dollars. */
export function amountText(amountNanos: bigint): string {
  return `${amountNanos} nano-USD = ${formatNanosAsUsd(amountNanos)}`;
}

function sumOf(lines: readonly RatingLine[]): bigint {
  return lines.reduce((sum, { picos }) => sum + picos, 0n);
}
