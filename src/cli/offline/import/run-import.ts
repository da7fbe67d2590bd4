import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ConfigError } from '../../../config/index.ts';
import { CliError, exitCodes } from '../../shell/cli-error.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { countVerdicts, describeReport } from './describe-report.ts';
import { runImporter } from './importer.ts';
import { findImporter } from './importers.ts';
import { readSource } from './read-source.ts';
import { problemsOf } from './write-config.ts';

/** What `switchyard import` was asked to do. */
export interface ImportCall {
  readonly format: string;
  readonly file: string;
  readonly out: string;
  readonly force: boolean;
  readonly json: boolean;
}

/** Imports a file: writes a configuration that validates and reports what became of every setting. */
export async function runImport(call: ImportCall, terminal: Terminal): Promise<number> {
  const importer = findImporter(call.format);
  if (existsSync(call.out) && !call.force) {
    throw new CliError(`${call.out} is there already; choose another with --out, or replace it with --force`);
  }
  const { providerDefinitions } = await import('../../../providers/index.ts');
  const result = runImporter(importer, {
    source: readSource(readFileSync(call.file, 'utf8'), call.file),
    file: basename(call.file),
    environment: terminal.environment,
    knownHosts: providerDefinitions.filter(({ generic }) => generic !== true),
  });
  // What would not load is never written: the report would promise what the file does not hold.
  const problems = problemsOf(result.config);
  if (problems.length > 0) throw new ConfigError(call.out, problems);
  writeFileSync(call.out, result.config, { flag: call.force ? 'w' : 'wx' });
  const counts = countVerdicts(result.entries);
  if (call.json) {
    writeJson(terminal, { out: call.out, counts, settings: result.entries, secrets: result.secrets });
    return exitCodes.ok;
  }
  for (const line of describeReport(result)) writeLine(terminal, line);
  const { kept, changed, unsupported } = counts;
  writeLine(terminal, `${call.out} written: ${kept} kept, ${changed} changed, ${unsupported} unsupported.`);
  writeLine(terminal, `Next: switchyard config check ${call.out}`);
  return exitCodes.ok;
}
