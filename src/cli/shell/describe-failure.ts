import { ConfigError, formatProblem } from '../../config/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { SwitchyardError } from '../../sdk/index.ts';
import { CliError, exitCodes } from './cli-error.ts';

/** What is told about a failed command. */
export interface FailureText {
  readonly text: string;
  readonly exitCode: number;
}

/** Expected failures are sentences; only a defect of ours shows where it happened. */
export function describeFailure(error: unknown, path: string): FailureText {
  if (error instanceof CliError) {
    const help = error.exitCode === exitCodes.usage ? `\n${path} --help explains how.` : '';
    return { text: `switchyard: ${error.message}${help}\n`, exitCode: error.exitCode };
  }
  if (error instanceof ConfigError) {
    const problems = error.problems.map((problem) => `${formatProblem(error.file, problem)}\n`).join('');
    return { text: problems, exitCode: exitCodes.failure };
  }
  if (Fault.is(error) || error instanceof SwitchyardError) {
    return { text: `switchyard: ${error.message}\n`, exitCode: exitCodes.failure };
  }
  const system = describeSystemError(error);
  if (system !== undefined) return { text: `switchyard: ${system}\n`, exitCode: exitCodes.failure };
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `switchyard: this is a defect, please report it:\n${trace}\n`, exitCode: exitCodes.defect };
}

const systemMessages: { readonly [code: string]: (error: NodeJS.ErrnoException) => string } = {
  EADDRINUSE: (error) => `${addressOf(error)} is in use already; choose another with --port, or stop the other process`,
  EADDRNOTAVAIL: (error) => `${addressOf(error)} is no address of this machine; choose another with --host`,
  ENOTFOUND: (error) => `${addressOf(error)} is no known name; choose another with --host`,
  ENOENT: (error) => `there is no ${error.path ?? 'such file'}`,
  EACCES: (error) => `no permission for ${error.path ?? addressOf(error)}`,
  EPERM: (error) => `no permission for ${error.path ?? addressOf(error)}`,
  EISDIR: (error) => `${error.path ?? 'it'} is a folder, a file is needed`,
  ENOTDIR: (error) => `${error.path ?? 'it'} is a file, a folder is needed`,
  ENOSPC: (error) => `no space left for ${error.path ?? 'a file'}`,
  EROFS: (error) => `${error.path ?? 'it'} lies on a read-only file system`,
};

function describeSystemError(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const system: NodeJS.ErrnoException = error;
  return system.code === undefined ? undefined : systemMessages[system.code]?.(system);
}

function addressOf(error: NodeJS.ErrnoException & { address?: string; port?: number; hostname?: string }): string {
  const host = error.address ?? error.hostname ?? 'the address';
  return error.port === undefined ? host : `${host}:${error.port}`;
}
