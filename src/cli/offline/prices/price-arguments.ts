import { readFile } from 'node:fs/promises';
import type { PriceFile } from '../../../catalog/index.ts';
import { systemClock } from '../../../platform/clock.ts';
import { CliError, exitCodes, usageError } from '../../shell/cli-error.ts';

/** The instant of a day that was given, else now. */
export function instantOf(day: string | undefined): number {
  if (day === undefined) return systemClock.nowMs();
  const atMs = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(day) : Number.NaN;
  if (Number.isNaN(atMs)) throw usageError(`${day.slice(0, 40)} is no day of the form YYYY-MM-DD`);
  return atMs;
}

/** Reads a file of prices. Throws what the user must know when it cannot. */
export async function readPrices(
  path: string,
  options: { readonly format?: string | undefined; readonly provider?: string | undefined } = {},
): Promise<PriceFile> {
  const { catalogFormats, readPriceFile } = await import('../../../catalog/index.ts');
  const format = catalogFormats.find((one) => one === options.format);
  if (options.format !== undefined && format === undefined) {
    throw usageError(`${options.format.slice(0, 40)} is no format; known are ${catalogFormats.join(', ')}`);
  }
  const { provider } = options;
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new CliError(
      `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`,
      exitCodes.failure,
    );
  });
  const file = readPriceFile(bytes, { ...(format && { format }), ...(provider !== undefined && { provider }) });
  if (file) return file;
  const known = `${catalogFormats.join(', ')}, or a CSV of price changes`;
  throw new CliError(`${path} is no catalog of a known format: ${known}`, exitCodes.failure);
}
