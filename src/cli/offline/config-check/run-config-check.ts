import { readFileSync } from 'node:fs';
import {
  ConfigError,
  type ConfigProblem,
  formatProblem,
  loadConfig,
  type LoadedConfig,
  locateFault,
  parseConfig,
} from '../../../config/index.ts';
import { Fault } from '../../../domain/faults/fault.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { describeExplanation } from './describe-explanation.ts';
import { explainConfig, type Explanation } from './explain-config.ts';

/** What a check found. */
interface Finding {
  readonly explanation: Explanation | undefined;
  readonly errors: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

/** Validates a file as the product would at its start, and explains what it means. */
export async function runConfigCheck(
  options: { readonly file: string; readonly json: boolean },
  terminal: Terminal,
): Promise<number> {
  const { file } = options;
  const { explanation, errors, warnings } = await check(file, terminal.environment);
  const ok = errors.length === 0;
  if (options.json) {
    writeJson(terminal, { file, ok, errors, warnings, ...explanation });
    return ok ? exitCodes.ok : exitCodes.failure;
  }
  if (explanation !== undefined) for (const line of describeExplanation(explanation)) writeLine(terminal, line);
  for (const warning of warnings) writeLine(terminal, `warning  ${formatProblem(file, warning)}`);
  for (const error of errors) writeLine(terminal, `error    ${formatProblem(file, error)}`);
  writeLine(terminal, ok ? `${file} is valid${count(warnings.length, 'warning')}` : `${file} is not valid`);
  return ok ? exitCodes.ok : exitCodes.failure;
}

async function check(file: string, environment: Terminal['environment']): Promise<Finding> {
  let loaded: LoadedConfig;
  try {
    loaded = loadConfig(file, environment, true);
  } catch (error) {
    if (error instanceof ConfigError) return { explanation: undefined, errors: error.problems, warnings: [] };
    throw error;
  }
  const { warnings } = loaded;
  const { locate } = parseConfig(readFileSync(file, 'utf8'));
  try {
    return { explanation: await explainConfig(loaded, locate), errors: [], warnings };
  } catch (error) {
    if (!Fault.is(error)) throw error;
    return { explanation: undefined, errors: locateFault(error, loaded).problems, warnings };
  }
}

function count(number: number, noun: string): string {
  return number === 0 ? '' : `, with ${number} ${noun}${number === 1 ? '' : 's'}`;
}
