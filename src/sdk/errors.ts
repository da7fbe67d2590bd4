/** Problem Details (RFC 9457) as the control API answers them. */
export interface Problem {
  /** Stable fault code, for example `key_invalid`; see docs/faults.md. */
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** The field at fault, when there is one. */
  readonly param?: string;
}

/** What every error of this client has in common, so that one `instanceof` catches them all. */
export class SwitchyardError extends Error {
  override readonly name: string = 'SwitchyardError';
}

/** The gateway understood the call and refused it. */
export class ProblemError extends SwitchyardError {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail === '' ? problem.title : problem.detail);
    this.problem = problem;
  }

  /** Stable fault code. */
  get code(): string {
    return this.problem.code;
  }

  /** HTTP status. */
  get status(): number {
    return this.problem.status;
  }
}

/** Nothing answered at the address, or not in time. */
export class ConnectionError extends SwitchyardError {
  override readonly name = 'ConnectionError';
  readonly url: string;

  constructor(url: string, cause: unknown) {
    super(`cannot reach ${url}: ${reasonOf(cause)}`, { cause });
    this.url = url;
  }
}

/** Something answered that is not a Switchyard control API. */
export class UnexpectedAnswerError extends SwitchyardError {
  override readonly name = 'UnexpectedAnswerError';
  readonly status: number;

  constructor(url: string, status: number) {
    super(`${url} answered ${status} with something that is not the control API`);
    this.status = status;
  }
}

/** `fetch` says only "fetch failed"; the reason stands in the innermost cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'it took too long';
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return error.message === '' && 'code' in error ? String(error.code) : error.message;
}
