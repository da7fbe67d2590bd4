import { createSeededRandom } from '../../platform/random.ts';
import { draw } from '../choose/explore.ts';

/** The model that a recorded decision falls on when it is drawn again with its seed. */
export function redraw(
  candidates: readonly { readonly model: string; readonly propensity: number }[],
  seed: number,
): string | undefined {
  const shares = Float64Array.from(candidates, ({ propensity }) => propensity);
  return candidates[draw(shares, createSeededRandom(seed).unit())]?.model;
}
