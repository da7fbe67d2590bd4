import { SourceMap } from 'node:module';
import { Fault } from '../../domain/faults/fault.ts';
import type { LogBook } from '../apps/log-book.ts';
import type { BuiltVersion, VersionBuilder } from '../apps/version-builder.ts';
import type { VersionSettings } from '../apps/app-types.ts';
import type { VersionSource } from '../apps/version-source.ts';
import {
  defaultFunctionLimits,
  type FunctionHost,
  type FunctionInstance,
  FunctionStartError,
  FunctionUnavailableError,
} from '../functions/index.ts';
import { type AppCheck, wrongAnswer } from './app-check.ts';
import { failureReport } from './failure-report.ts';
import type { CheckResult, FailureReport, FixVerdict } from './fix-types.ts';

/** What versions are tried with. */
export interface TrialParts {
  readonly app: string;
  readonly builder: Pick<VersionBuilder, 'build'>;
  readonly host: Pick<FunctionHost, 'acquire' | 'retire'>;
  readonly logs: Pick<LogBook, 'read' | 'changed'>;
  readonly settings: VersionSettings;
  readonly source: VersionSource;
  /** Those shown to the fixer first, then the hidden ones. */
  readonly checks: readonly (AppCheck & { readonly isHidden: boolean })[];
  hide(text: string): string;
}

/** Stands where a secret would: a fork has none. */
const noSecret = 'switchyard-has-no-secret-here';
const logWaitMs = 500;

/**
 * Builds a copy of an app, starts it with no network and no secrets, and puts every check to it. Nothing is kept, and
 * no alias knows of it.
 */
export async function tryVersion(parts: TrialParts): Promise<FixVerdict> {
  const { builder, source, settings, app, host } = parts;
  let built: BuiltVersion;
  try {
    built = await builder.build({ ...source, settings });
  } catch (error) {
    if (!Fault.is(error)) throw error;
    if (error.code !== 'invalid_request' && error.code !== 'too_large')
      return { kind: 'broken', reason: error.message };
    return failed(parts, 'build_failed', error.message);
  }
  const { bundle, version } = built;
  // A site of static files has nothing that could fail.
  if (bundle === undefined) return { kind: 'passed', checks: [{ name: 'build', isHidden: false, hasPassed: true }] };
  const names = Object.fromEntries(settings.secrets.map((name) => [name, noSecret]));
  const spec = {
    app,
    version,
    generation: 'trial',
    source: bundle.code,
    environment: { ...settings.environment, ...names },
    secrets: [],
    limits: { ...defaultFunctionLimits, ...settings.limits },
  };
  try {
    return await ask(parts, await host.acquire(spec), built);
  } catch (error) {
    if (error instanceof FunctionStartError) return failed(parts, 'failed', error.message);
    if (error instanceof FunctionUnavailableError) return { kind: 'broken', reason: error.message };
    throw error;
  } finally {
    host.retire(spec, 0);
  }
}

async function ask(parts: TrialParts, instance: FunctionInstance, built: BuiltVersion): Promise<FixVerdict> {
  const results: CheckResult[] = [];
  for (const check of parts.checks) {
    const { name, isHidden } = check;
    const wrong = wrongAnswer(check, await instance.ask(check));
    results.push({ name, isHidden, hasPassed: wrong === undefined });
    if (wrong === undefined) continue;
    const log = isHidden ? '' : await errorsOf(parts, built);
    const shown = isHidden ? 'a check that is not shown failed' : `${check.method} ${check.path}: ${wrong}\n${log}`;
    return { ...failed(parts, 'failed', shown), isHidden, checks: results };
  }
  return { kind: 'passed', checks: results };
}

/** What the version logged as errors, with places in the files that were sent. */
async function errorsOf({ app, logs }: TrialParts, { version, bundle }: BuiltVersion): Promise<string> {
  const read = (): string =>
    // The same error of many requests is one.
    [...new Set(logs.read(app, { version, level: 'error', limit: 50 }).map(({ text }) => text))].join('\n');
  if (read() === '') await logs.changed(app, logWaitMs);
  return bundle === undefined ? read() : mapPlaces(read(), bundle.sourceMap);
}

function failed(
  { source, hide }: TrialParts,
  status: FailureReport['status'],
  stderr: string,
): Extract<FixVerdict, { kind: 'failed' }> {
  const paths = source.files.map(({ path }) => path);
  const exit = { code: null, signal: null };
  const failure = failureReport({ status, exit, limitsHit: [], stdout: '', stderr, paths, hide });
  return {
    kind: 'failed',
    failure,
    isHidden: false,
    checks: [{ name: 'it works', isHidden: false, hasPassed: false }],
  };
}

/** Puts the places of the files that were sent where an error names those of the bundle. */
export function mapPlaces(text: string, sourceMap: Buffer): string {
  if (text === '') return text;
  const map = new SourceMap(JSON.parse(sourceMap.toString('utf8')) as ConstructorParameters<typeof SourceMap>[0]);
  return text.replace(/[\w./-]*guest\.mjs:(\d{1,7}):(\d{1,7})/g, (whole, line: string, column: string) => {
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
    if (!('originalSource' in entry)) return whole;
    const path = entry.originalSource.replace(/^(?:\.\.\/)+src\/|^\.\//, '');
    return `${path}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}
