import { divideHalfEven, parseScaled } from '../money/money.ts';

/** What running code used. null is unmeasured: it is charged for what is known and nothing else. */
export interface ComputeUse {
  readonly cpuMs: number | null;
  readonly wallMs: number;
  /** Memory over time: one mebibyte for one millisecond. */
  readonly memoryMibMs: number | null;
  readonly egressBytes: number;
}

/** What customers pay for running code, in pico-USD. Absent parts of a use are free. */
export interface ComputePrices {
  /** Names these very prices in facts. */
  readonly versionId: string;
  readonly cpuSecondPicos: bigint;
  readonly wallSecondPicos: bigint;
  readonly memoryGibSecondPicos: bigint;
  readonly egressGibPicos: bigint;
}

/** Prices as they are configured: USD as text. */
export interface ComputePriceTexts {
  readonly cpuSecond: string;
  readonly wallSecond: string;
  readonly memoryGibSecond: string;
  readonly egressGib: string;
}

const gib = 2n ** 30n;
/** Every part of a use becomes whole in this denominator: milliseconds, mebibyte milliseconds and bytes. */
const denominator = 1000n * gib;
const picosPerNano = 1000n;

/** The charge for a use: exact up to the one rounding at its end. */
export function rateCompute(use: ComputeUse, prices: ComputePrices): bigint {
  const picos =
    BigInt(use.cpuMs ?? 0) * prices.cpuSecondPicos * gib +
    BigInt(use.wallMs) * prices.wallSecondPicos * gib +
    BigInt(use.memoryMibMs ?? 0) * prices.memoryGibSecondPicos * (gib / 1024n) +
    BigInt(use.egressBytes) * prices.egressGibPicos * 1000n;
  return divideHalfEven(picos, denominator * picosPerNano);
}

/** Reads configured prices; undefined when one of them is no price. */
export function readComputePrices(texts: ComputePriceTexts, versionId: string): ComputePrices | undefined {
  const [cpuSecond, wallSecond, memoryGibSecond, egressGib] = [
    texts.cpuSecond,
    texts.wallSecond,
    texts.memoryGibSecond,
    texts.egressGib,
  ].map((text) => parseScaled(text, 12)?.value);
  if (cpuSecond === undefined || wallSecond === undefined) return undefined;
  if (memoryGibSecond === undefined || egressGib === undefined) return undefined;
  return {
    versionId,
    cpuSecondPicos: cpuSecond,
    wallSecondPicos: wallSecond,
    memoryGibSecondPicos: memoryGibSecond,
    egressGibPicos: egressGib,
  };
}

/** Two uses together; what one of them could not measure stays out. */
export function addComputeUse(first: ComputeUse, second: ComputeUse): ComputeUse {
  const sum = (one: number | null, other: number | null): number | null => (one === null ? other : one + (other ?? 0));
  return {
    cpuMs: sum(first.cpuMs, second.cpuMs),
    wallMs: first.wallMs + second.wallMs,
    memoryMibMs: sum(first.memoryMibMs, second.memoryMibMs),
    egressBytes: first.egressBytes + second.egressBytes,
  };
}
