import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isRuleProblem, readSuccessRule, unusualKinds } from '../domain/outcomes/success-rule.ts';
import { isMissing } from '../platform/read-optional-file.ts';
import { type ConfigProblem, formatPath } from './config-problem.ts';
import { type Locate, parseConfig } from './parse-config.ts';
import { readSecret, type SecretSources } from './secret-reference.ts';
import type { Config } from './schema.ts';

/** A configuration read from disk, ready to be used. */
export interface LoadedConfig {
  readonly file: string;
  /** False when there was no file and the defaults apply. */
  readonly exists: boolean;
  /** There is nothing in the file, as in the moment between truncating and writing it. */
  readonly isBlank: boolean;
  readonly config: Config;
  readonly secrets: SecretSources;
  /** Worth telling, but not in the way of starting. */
  readonly warnings: readonly ConfigProblem[];
}

/** Errors of a configuration that cannot be used. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly file: string;
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[]) {
    super(`${file}: ${problems.length} problem(s)`);
    this.file = file;
    this.problems = problems;
  }
}

/**
 * Reads and validates a configuration file. A missing file means the defaults, unless `mustExist`.
 * Throws ConfigError.
 */
export function loadConfig(file: string, environment: SecretSources['environment'], mustExist: boolean): LoadedConfig {
  const text = readText(file, mustExist);
  const parsed = parseConfig(text ?? '');
  if (parsed.config === undefined) throw new ConfigError(file, parsed.problems);
  const secrets = { environment, directory: dirname(resolve(file)) };
  const found = checkReferences(parsed.config, parsed.locate, secrets);
  if (found.errors.length > 0) throw new ConfigError(file, found.errors);
  const isBlank = text?.trim() === '';
  const warnings = [...found.warnings, ...checkRules(parsed.config.jobs, parsed.locate)];
  return { file, exists: text !== undefined, isBlank, config: parsed.config, secrets, warnings };
}

/** A rule over outcomes that only somebody else tells may be meant so, or misspelt. */
function checkRules(jobs: Config['jobs'], locate: Locate): ConfigProblem[] {
  return Object.entries(jobs).flatMap(([job, { success }]) => {
    const path = ['jobs', job, 'success'];
    const rule = success === undefined ? undefined : readSuccessRule(success);
    const kinds = rule === undefined || isRuleProblem(rule) ? [] : unusualKinds(rule);
    const message = 'is an outcome that nothing here tells: check the spelling, or tell it yourself';
    return kinds.map((kind) => ({ ...locate(path), path: formatPath(path), message: `"${kind}" ${message}` }));
  });
}

function readText(file: string, mustExist: boolean): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error) && !mustExist) return undefined;
    const message = error instanceof Error ? error.message : String(error);
    throw new ConfigError(file, [{ line: 1, column: 1, path: '', message: `cannot be read: ${message}` }]);
  }
}

/** Checks what a schema cannot: names that point at nothing, secrets that are not there, names used twice. */
function checkReferences(
  config: Config,
  locate: Locate,
  secrets: SecretSources,
): { errors: ConfigProblem[]; warnings: ConfigProblem[] } {
  const errors: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  const note = (list: ConfigProblem[], path: readonly (string | number)[], message: string): void => {
    list.push({ ...locate(path), path: path.join('.').replace(/\.(\d+)/g, '[$1]'), message });
  };
  const keyNames = new Set<string>();
  const keyOfSecret = new Map<string, string>();
  for (const [index, key] of config.keys.entries()) {
    if (keyNames.has(key.name)) note(errors, ['keys', index, 'name'], `the name "${key.name}" is used twice`);
    keyNames.add(key.name);
    const secret = readSecret(key.secret, secrets);
    const other = secret === undefined ? undefined : keyOfSecret.get(secret);
    if (secret === undefined) note(errors, ['keys', index, 'secret'], `${key.secret} is not set or empty`);
    else if (other !== undefined) note(errors, ['keys', index, 'secret'], `is the secret of "${other}" too`);
    else keyOfSecret.set(secret, key.name);
  }
  const customerNames = new Set<string>();
  for (const [index, customer] of config.customers.entries()) {
    if (customerNames.has(customer.name)) {
      note(errors, ['customers', index, 'name'], `the name "${customer.name}" is used twice`);
    }
    customerNames.add(customer.name);
    if (customer.plan !== undefined && !Object.hasOwn(config.plans, customer.plan)) {
      note(errors, ['customers', index, 'plan'], `there is no plan "${customer.plan}"`);
    }
  }
  for (const [name, host] of Object.entries(config.hosts)) {
    if (host.apiKey !== undefined && readSecret(host.apiKey, secrets) === undefined) {
      note(warnings, ['hosts', name, 'apiKey'], `${host.apiKey} is not set or empty: calls to this host will fail`);
    }
  }
  const rates = config.sharedRates?.redis;
  if (rates !== undefined && readSecret(rates, secrets) === undefined) {
    const problem = `${rates} is not set or empty: each gateway keeps to its share of the rate limits`;
    note(warnings, ['sharedRates', 'redis'], problem);
  }
  const exportNames = new Set<string>();
  for (const [index, { name, ...sink }] of config.exports.entries()) {
    if (exportNames.has(name)) note(errors, ['exports', index, 'name'], `the name "${name}" is used twice`);
    exportNames.add(name);
    const [field, reference] =
      sink.type === 'stripe' ? ['secretKey', sink.secretKey] : ['authorization', sink.authorization];
    if (reference !== undefined && readSecret(reference, secrets) === undefined) {
      note(warnings, ['exports', index, field], `${reference} is not set or empty: nothing will be delivered`);
    }
  }
  for (const [name, target] of Object.entries(config.aliases)) {
    if (Object.hasOwn(config.models, name)) note(errors, ['aliases', name], `"${name}" is a model already`);
    if (name === target) note(errors, ['aliases', name], 'an alias cannot name itself');
  }
  return { errors, warnings };
}
