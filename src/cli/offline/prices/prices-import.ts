import { exitCodes, usageError } from '../../shell/cli-error.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { instantOf, readPrices } from './price-arguments.ts';

/** What is imported, and as what. */
export interface ImportPricesOptions {
  readonly file: string;
  readonly format: string | undefined;
  readonly provider: string | undefined;
  readonly at: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

const shownProblems = 20;

/** Reads a file of prices and says what an import would do, without a server. */
export async function runPricesImportDry(options: ImportPricesOptions, terminal: Terminal): Promise<number> {
  if (!options.dryRun) throw usageError('without a server only --dry-run is possible');
  const { planImport, tryImport } = await import('../../../catalog/index.ts');
  const file = await readPrices(options.file, { format: options.format, provider: options.provider });
  const plan = planImport(file, instantOf(options.at));
  const effect = tryImport(plan);
  const { observations, ...told } = plan;
  const endpoints = new Set(observations.flatMap((one) => (one.kind === 'quote' ? [one.endpointId] : []))).size;
  if (options.json)
    writeJson(terminal, { kind: file.kind, ...told, observations: observations.length, endpoints, effect });
  else for (const line of describe()) writeLine(terminal, line);
  return plan.problemCount > 0 ? exitCodes.failure : exitCodes.ok;

  function describe(): string[] {
    const ignored = plan.ignored.map(({ key, rows, reason }) => `  ${key} in ${rows} rows (${reason})`);
    const problems = plan.problems.slice(0, shownProblems).map(({ line, row, message }) => {
      return `  ${line === undefined ? '' : `line ${line}, `}${row}: ${message}`;
    });
    return [
      `${options.file}: ${file.kind} of ${plan.source}, ${plan.rows} rows`,
      `${observations.length} observations of ${endpoints} endpoints; ${plan.otherHosts} rows of hosts that are not known`,
      `into an empty price book: ${effect.versionsOpened} versions, ${effect.notices} notices, ${effect.pages} pages`,
      ...(ignored.length > 0 ? ['fields that are not read:', ...ignored] : []),
      ...(problems.length > 0 ? [`${plan.problemCount} problems:`, ...problems] : []),
      'Nothing was changed.',
    ];
  }
}
