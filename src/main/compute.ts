import { hash } from 'node:crypto';
import type { Config } from '../config/index.ts';
import { type ComputePrices, readComputePrices } from '../domain/rating/compute.ts';
import { systemClock } from '../platform/clock.ts';
import { ComputeDesk, type ComputeDeskDeps } from '../runtime/index.ts';

/** What machines are charged through, at the prices of the configuration as it is now. */
export function openComputeDesk({
  config,
  ...deps
}: Pick<ComputeDeskDeps, 'journal' | 'gate' | 'newId'> & { config(): Config }): ComputeDesk {
  let read: { readonly from: Config['compute']; readonly prices: ComputePrices | undefined } | undefined;
  return new ComputeDesk({
    ...deps,
    clock: systemClock,
    prices() {
      const { compute } = config();
      if (read?.from !== compute || read === undefined) read = { from: compute, prices: pricesOf(compute) };
      return read.prices;
    },
  });
}

function pricesOf(compute: Config['compute']): ComputePrices | undefined {
  return compute && readComputePrices(compute, `compute@${hash('sha256', JSON.stringify(compute)).slice(0, 12)}`);
}
