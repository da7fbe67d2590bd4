import type { Limits } from './contract.ts';

const kib = 1024;
const mib = 1024 * kib;

/**
 * Bounds of a run that says nothing. Home and temporary files live in memory and count as such, so together they
 * stay below the memory limit: a full disk is then told as a full disk.
 */
export const defaultLimits: Limits = {
  cpuMs: 60_000,
  wallMs: 60_000,
  memoryBytes: 512 * mib,
  processes: 128,
  openFiles: 1024,
  diskBytes: 256 * mib,
  tmpBytes: 64 * mib,
  outputBytes: 4 * mib,
  outputGraceMs: 5_000,
  fileBytes: 64 * mib,
};

/** The most that a request may ask for. */
export const maximumLimits: Limits = {
  cpuMs: 3_600_000,
  wallMs: 3_600_000,
  memoryBytes: 8192 * mib,
  processes: 4096,
  openFiles: 65_536,
  diskBytes: 8192 * mib,
  tmpBytes: 1024 * mib,
  outputBytes: 256 * mib,
  outputGraceMs: 60_000,
  fileBytes: 512 * mib,
};

/** The bounds of a run: what was asked for over the defaults, never more than is allowed at all. */
export function limitsOf(asked: Partial<Limits>, base: Limits = defaultLimits, most: Limits = maximumLimits): Limits {
  const entries = Object.entries(base).map(([name, value]) => {
    const key = name as keyof Limits;
    return [key, Math.min(asked[key] ?? value, most[key])] as const;
  });
  return Object.fromEntries(entries) as unknown as Limits;
}
