import { Fault } from '../../domain/faults/fault.ts';
import {
  type Isolation,
  type IsolationTier,
  isolationTiers,
  type Limits,
  type ProbeReport,
  type Runner,
  type RunningRun,
  type RunRequest,
} from '../contract.ts';
import { limitsOf } from '../limits.ts';
import { planRun } from './languages.ts';
import { RunSlots } from './run-slots.ts';
import { RunWork, type RunWorkDeps } from './run-work.ts';
import type { ScriptEngine } from './script-engine.ts';

/** What runs are made of. */
export interface RunServiceDeps extends RunWorkDeps {
  readonly newId: (prefix: string) => string;
  readonly settings: () => RunSettings;
  /** Whether guests find esbuild. */
  readonly canTranslate: boolean;
  /** Runs JavaScript and TypeScript where there is no sandbox for native programs. */
  readonly scripts?: ScriptEngine;
}

/** What the operator decides. */
export interface RunSettings {
  readonly minIsolation: IsolationTier;
  readonly limits: Limits;
  readonly mostLimits: Limits;
  readonly concurrent: number;
  readonly waiting: number;
}

/** Runs code once: a fresh sandbox, its files, the command, a receipt, and nothing left. */
export class RunService implements Runner {
  readonly #deps: RunServiceDeps;
  readonly #slots: RunSlots;

  constructor(deps: RunServiceDeps) {
    this.#deps = deps;
    const { concurrent, waiting } = deps.settings();
    this.#slots = new RunSlots(concurrent, waiting);
  }

  async run(request: RunRequest, { signal }: { readonly signal?: AbortSignal } = {}): Promise<RunningRun> {
    const { driver, settings, newId, canTranslate } = this.#deps;
    const { limits, mostLimits, minIsolation } = settings();
    const plan = planRun(request, { typescript: canTranslate });
    const native = driver.report ?? (await driver.probe());
    const scripts = native.unusable === undefined ? undefined : await this.#scriptsFor(request, native.unusable);
    const { isolation } = scripts?.report ?? native;
    requireTier(isolation, minIsolation);
    if (request.minIsolation) requireTier(isolation, request.minIsolation);
    const runId = newId('run');
    const bounds = limitsOf(request.limits ?? {}, limits, mostLimits);
    const parts = { request, plan, isolation, limits: bounds, deps: this.#deps, slots: this.#slots };
    const work = new RunWork(runId, { ...parts, scripts: scripts?.engine });
    return { runId, events: () => work.events(signal) };
  }

  /** What runs a script instead of a sandbox; native programs have no other place, and are refused. */
  async #scriptsFor(
    { language, command }: RunRequest,
    { reason, remedy }: NonNullable<ProbeReport['unusable']>,
  ): Promise<{ readonly engine: ScriptEngine; readonly report: ProbeReport }> {
    const { scripts } = this.#deps;
    const isScript = command === undefined && (language === 'javascript' || language === 'typescript');
    if (scripts === undefined || !isScript) {
      throw new Fault('isolation_unavailable', { message: `${reason} ${remedy}`, param: 'language' });
    }
    const report = await scripts.probe();
    if (report.unusable === undefined) return { engine: scripts, report };
    const message = `${reason} ${remedy} Scripts cannot run either: ${report.unusable.reason}; ${report.unusable.remedy}.`;
    throw new Fault('isolation_unavailable', { message });
  }
}

/** Refuses to run below a tier: never silently weaker. */
export function requireTier(isolation: Isolation, wanted: IsolationTier): void {
  if (isolationTiers.indexOf(isolation.tier) <= isolationTiers.indexOf(wanted)) return;
  throw new Fault('isolation_unavailable', {
    message: `Isolation here is "${isolation.tier}" (${isolation.engine}), and at least "${wanted}" is required; \`switchyard doctor\` says what is missing.`,
    param: 'minIsolation',
  });
}
