/** One thing wrong in a configuration, with its place in the file. */
export interface ConfigProblem {
  readonly line: number;
  readonly column: number;
  /** Path of the field, for example `models.small.endpoints[0].host`. */
  readonly path: string;
  /** What is wrong and how to mend it. */
  readonly message: string;
}

/** Writes a problem as `switchyard.yaml:12:5 models.small: …`. */
export function formatProblem(file: string, problem: ConfigProblem): string {
  const path = problem.path === '' ? '' : ` ${problem.path}:`;
  return `${file}:${problem.line}:${problem.column}${path} ${problem.message}`;
}

/** Writes a path of keys and indexes the way people read it. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}
