import { setFlagsFromString } from 'node:v8';

/** V8's own setting. */
const usualGrowth = 2;

/**
 * Keeps the memory for new objects at its first size until the returned function is called.
 *
 * Loading the product makes much short-lived garbage, for which V8 grows this memory to its maximum of 32 MiB and keeps
 * it while nothing happens. Under load it grows again within seconds (docs/benchmarks.md has the figures).
 */
export function holdYoungGeneration(): () => void {
  setFlagsFromString('--semi-space-growth-factor=1');
  return () => setFlagsFromString(`--semi-space-growth-factor=${usualGrowth}`);
}
