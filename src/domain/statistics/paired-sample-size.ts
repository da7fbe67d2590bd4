import { normalQuantile } from './normal.ts';

/** What a comparison on the same items is to find, and with which certainty. */
export interface PairedPlan {
  /** Smallest difference worth finding, between 0 and 1. */
  readonly difference: number;
  /** Share of items on which the two sides differ. */
  readonly discordant: number;
  readonly alpha?: number;
  readonly power?: number;
}

/** Items needed to find a difference between two sides graded on the same items; undefined when no number suffices. */
export function pairedSampleSize(plan: PairedPlan): number | undefined {
  const { difference, discordant, alpha = 0.05, power = 0.8 } = plan;
  const gap = Math.abs(difference);
  // Sides cannot differ by more than the share of items on which they differ at all.
  if (!(gap > 0) || discordant < gap) return undefined;
  const chance = normalQuantile(1 - alpha / 2) * Math.sqrt(discordant);
  const detect = normalQuantile(power) * Math.sqrt(discordant - gap * gap);
  return Math.ceil((chance + detect) ** 2 / (gap * gap));
}
