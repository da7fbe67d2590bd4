import { resolve } from 'node:path';
import { type Config, type LoadedConfig, runtimeLimits } from '../config/index.ts';
import { Fault } from '../domain/faults/fault.ts';
import type { OutcomeDesk, ToolExecutor } from '../gateway/index.ts';
import type { Journal } from '../journal/index.ts';
import { systemClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import {
  CodeSession,
  type ComputeDesk,
  type CodeSessionDeps,
  createCodeTool,
  defaultLimits,
  findEngines,
  limitsOf,
  type Limits,
  maximumLimits,
  MeteredRunner,
  openSocketRoot,
  NamedSessions,
  type ProbeReport,
  type Receipt,
  RunBook,
  type Runner,
  RunService,
  type RunServiceDeps,
  type RunSettings,
  RunSlots,
  ScriptEngine,
  type SandboxService,
  type SessionOwner,
  WorkspaceDriver,
} from '../runtime/index.ts';
import { openProductSandboxes } from './sandboxes.ts';

/** Running code, as the product has it. */
export interface ProductRuntime {
  readonly driver: WorkspaceDriver;
  readonly runs: Runner & Pick<RunBook, 'find'>;
  /** Runs code for models that ask for it. */
  readonly codeTool: ToolExecutor;
  /** Opens a place where several programs find each other's files; whoever opens it closes it. */
  openSession(owner: SessionOwner): CodeSession;
  /** Workspaces that callers name. */
  readonly workspaces: NamedSessions;
  /** Sandboxes that clients make and keep. */
  readonly sandboxes: SandboxService;
  report(): Promise<ProbeReport>;
  /** Finds out anew how code is isolated: an engine was installed, or a setting of the system changed. */
  probe(): Promise<ProbeReport>;
  close(): Promise<void>;
}

/** What it is built on. */
export interface ProductRuntimeDeps {
  readonly dataDirectory: string;
  readonly environment: { readonly [name: string]: string | undefined };
  readonly loaded: LoadedConfig;
  readonly config: () => Config;
  readonly journal: Journal;
  readonly outcomeDesk: OutcomeDesk;
  readonly logger: Logger;
  readonly newId: (prefix: string) => string;
  /** Where use of machines is charged. */
  readonly desk: ComputeDesk;
}

/** Opens the runtime: clears what an earlier supervisor left, and finds out beside the start how code is isolated. */
export function openProductRuntime(deps: ProductRuntimeDeps): ProductRuntime {
  const { logger, newId } = deps;
  const settings = (): Config['runtime'] => deps.config().runtime;
  const esbuild = findEngines(deps.environment).esbuild;
  const driver = new WorkspaceDriver({
    dataFolder: deps.loaded.config.runtime.folder ?? deps.dataDirectory,
    clock: systemClock,
    newId,
    warm: 2,
    programs: esbuild === undefined ? [] : [{ name: 'esbuild', hostPath: esbuild }],
  });
  const scripts = openScripts(deps);
  const book = openBook(deps);
  const runSettings = (): RunSettings => {
    const { minIsolation, concurrent, waiting } = settings();
    const limits = { ...defaultLimits, ...runtimeLimits(settings()) };
    return { minIsolation, concurrent, waiting, limits, mostLimits: maximumLimits };
  };
  const shared = {
    driver,
    clock: systemClock,
    newId,
    canTranslate: esbuild !== undefined,
    settings: runSettings,
    scripts,
    record: (receipt: Receipt) => book.record(receipt),
  };
  const service = openRuns(shared, deps.desk);
  const sessions = openSessions({ ...shared, desk: deps.desk }, () => settings().enabled);
  const sandboxes = openProductSandboxes({ ...deps, driver });
  const report = async (): Promise<ProbeReport> => driver.report ?? (await driver.probe());
  if (settings().enabled)
    start(driver, { probesNow: settings().probe === 'start', limits: runSettings().limits, logger });
  return {
    driver,
    report,
    probe() {
      scripts.forget();
      return tellProbe(driver, logger);
    },
    ...sessions,
    sandboxes,
    runs: {
      async run(request, options) {
        if (!settings().enabled) throw new Fault('isolation_unavailable', { message: turnedOff });
        return service.run(request, options);
      },
      find: (runId) => book.find(runId),
    },
    async close() {
      await Promise.all([sessions.workspaces.close(), sandboxes.close()]);
      await Promise.all([driver.close(), scripts.close()]);
    },
  };
}

const turnedOff = 'Running code is turned off (`runtime: enabled: false`).';

/** Runs by themselves: within the budgets of who pays, and charged when their receipt is written. */
function openRuns(shared: RunServiceDeps, desk: ComputeDesk): Runner {
  const runs: MeteredRunner = new MeteredRunner(
    new RunService({
      ...shared,
      async record(receipt) {
        await shared.record(receipt);
        await runs.recorded(receipt);
      },
    }),
    { desk, limitsOf: ({ limits }) => limitsOf(limits ?? {}, shared.settings().limits, maximumLimits) },
  );
  return runs;
}

/** Receipts, with outcomes for the requests that the code came from. */
function openBook({ journal, outcomeDesk, logger }: ProductRuntimeDeps): RunBook {
  return new RunBook({
    journal,
    async noteOutcome(outcome) {
      const noted = await outcomeDesk.tell(outcome, { name: 'runtime' });
      if (Fault.is(noted))
        logger.warn({ requestId: outcome.requestId, code: noted.code }, 'a run names no known request');
    },
  });
}

/** What models and their tools run code in; all of it together waits for the same places. */
function openSessions(
  shared: Omit<CodeSessionDeps, 'slots'>,
  isEnabled: () => boolean,
): Pick<ProductRuntime, 'codeTool' | 'openSession' | 'workspaces'> {
  const { concurrent, waiting } = shared.settings();
  const sessions = { ...shared, slots: new RunSlots(concurrent, waiting) };
  const absence = (): string | undefined =>
    isEnabled() ? undefined : 'running code is turned off (`runtime: enabled: false`).';
  const openSession = (owner: SessionOwner): CodeSession => new CodeSession(owner, sessions);
  return {
    codeTool: createCodeTool({ ...sessions, absence }),
    openSession,
    workspaces: new NamedSessions(shared.clock, openSession),
  };
}

/** Where there is no sandbox, scripts run by the engine of functions, and every receipt says so. */
function openScripts({ dataDirectory, environment, newId }: ProductRuntimeDeps): ScriptEngine {
  return new ScriptEngine({
    engines: findEngines(environment),
    root: openSocketRoot(resolve(dataDirectory), 'scripts'),
    clock: systemClock,
    newId: () => newId('s').slice(-16),
  });
}

async function tellProbe(driver: WorkspaceDriver, logger: Logger): Promise<ProbeReport> {
  const report = await driver.probe();
  const { isolation, unusable } = report;
  logger.info({ tier: isolation.tier, gaps: isolation.gaps, unusable }, 'isolation of code found');
  return report;
}

interface StartSettings {
  readonly probesNow: boolean;
  /** Of the sandboxes that are made ahead. */
  readonly limits: Limits;
  readonly logger: Logger;
}

function start(driver: WorkspaceDriver, { probesNow, limits, logger }: StartSettings): void {
  const work = async (): Promise<void> => {
    const swept = await driver.sweep();
    if (swept > 0) logger.info({ sandboxes: swept }, 'sandboxes of an earlier run removed');
    if (!probesNow) return;
    await tellProbe(driver, logger);
    driver.keepWarm({ limits });
  };
  work().catch((error: unknown) => logger.error({ err: error }, 'the isolation of code could not be found out'));
}
