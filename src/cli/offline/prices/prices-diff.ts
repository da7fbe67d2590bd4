import type { CatalogDifference } from '../../../catalog/index.ts';
import { alignRows } from '../../shell/align-rows.ts';
import { CliError, exitCodes } from '../../shell/cli-error.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { instantOf, readPrices } from './price-arguments.ts';

/** What is compared, and how much of it is shown. */
export interface DiffOptions {
  readonly from: string;
  readonly to: string;
  readonly at: string | undefined;
  readonly all: boolean;
  readonly json: boolean;
}

/** Compares two catalog files and shows both figures of what differs. */
export async function runPricesDiff(options: DiffOptions, terminal: Terminal): Promise<number> {
  const { diffCatalogs } = await import('../../../catalog/index.ts');
  const atMs = instantOf(options.at);
  const [from, to] = [await readPrices(options.from), await readPrices(options.to)];
  if (from.kind !== 'catalog' || to.kind !== 'catalog') {
    throw new CliError('a history of changes cannot be compared: give two catalogs', exitCodes.failure);
  }
  const diff = diffCatalogs(from.catalog, to.catalog, atMs);
  const shown = diff.differences.flatMap((one) => (options.all ? [one] : movesOf(one)));
  const count = (change: string): number => diff.differences.filter((one) => one.change === change).length;
  if (options.json) {
    const sources = { from: from.catalog.format, to: to.catalog.format };
    writeJson(terminal, { ...sources, shared: diff.shared, agreed: diff.agreed, differences: shown });
    return exitCodes.ok;
  }
  const rows = shown.flatMap(({ endpointId, change, figures }) =>
    figures.length === 0
      ? [[endpointId, change, '', '-', '-']]
      : figures.map((one) => [endpointId, change, one.figure, one.from ?? '-', one.to ?? '-']),
  );
  if (rows.length > 0) {
    const heads = ['endpoint', 'change', 'USD per million', from.catalog.format, to.catalog.format];
    for (const line of alignRows([heads, ...rows])) writeLine(terminal, line);
    writeLine(terminal);
  }
  const parts = `${diff.shared} endpoints in both, ${diff.agreed} agree within 1 %`;
  writeLine(
    terminal,
    `${parts}; ${count('added')} only in ${options.to}, ${count('removed')} only in ${options.from}.`,
  );
  return exitCodes.ok;
}

function movesOf(difference: CatalogDifference): CatalogDifference[] {
  const figures = difference.figures.filter(({ isMove, from, to }) => isMove && from !== null && to !== null);
  return difference.change === 'moved' && figures.length > 0 ? [{ ...difference, figures }] : [];
}
