import { type JobConfig, jobSchema } from '../config/index.ts';

/** Job under which the product asks models to fix code. */
export const codeFixJob = 'code-fix';

/** Job under which the product asks models to write apps. */
export const codeBuildJob = 'code-build';

const descriptions: ReadonlyMap<string, string> = new Map([
  [codeFixJob, 'Fix a program that failed: a patch, by the files and the error.'],
  [codeBuildJob, 'Write a small web app: its files, by what is wished for in words.'],
]);

/** Models that write code, of several makers and prices; those that no ready host serves are left out. */
const codeModels: readonly string[] = [
  'claude-sonnet-4-6',
  'claude-haiku-4-5',
  'gpt-5.1-codex',
  'gpt-5-mini',
  'gemini-3.5-flash',
  'gemini-2.5-pro',
  'devstral-2512',
  'glm-4.7',
];
const most = 16;

/** What a shipped job may be done by: what the operator configured, else what is found or known. */
export interface ShippedCandidates {
  readonly configured: readonly string[];
  readonly local: readonly string[];
  isServed(model: string): boolean;
}

/**
 * The settings of a job that exists although nobody configured it; undefined for every other name, and without a model
 * that could do it. Models that are only simulated cannot.
 */
export function shippedJob(name: string, { configured, local, isServed }: ShippedCandidates): JobConfig | undefined {
  const description = descriptions.get(name);
  if (description === undefined) return undefined;
  const known = codeModels.filter(isServed);
  const models = [configured, [...known, ...local]].find(({ length }) => length > 0)?.slice(0, most);
  if (models === undefined) return undefined;
  return jobSchema.parse({ description, models, exploration: {} });
}
