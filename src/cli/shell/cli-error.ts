/** Exit codes of the command line. */
export const exitCodes = {
  ok: 0,
  /** The command ran and the answer is no: a problem was found, a call failed. */
  failure: 1,
  /** The command was called wrongly. */
  usage: 2,
  /** A defect of Switchyard. */
  defect: 70,
} as const;

/** An expected failure: told in one sentence, without a stack trace. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.failure) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The command was called wrongly; the message says how to call it. */
export function usageError(message: string): CliError {
  return new CliError(message, exitCodes.usage);
}
