import { join } from 'node:path';
import type { EngineInspection } from '../../../storage/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { alignRows } from '../../shell/align-rows.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { describeIsolation } from './doctor-isolation.ts';
import type { Finding } from './finding.ts';
import { type DatabasePlace, type DatabaseSetting, readDatabaseSetting } from '../database/reach-database.ts';

/** Packages that may be left out at installation, and what goes with them. */
const optionalPackages = [
  ['@electric-sql/pglite', 'trials without a database server (database: pglite)'],
  ['ioredis', 'limits shared by several gateways through Redis'],
  ['stripe', 'sending usage to Stripe'],
] as const;

/** Says what would run here and why; fails when the configured database cannot. */
export async function runDoctor(
  options: DatabasePlace & { readonly json: boolean },
  terminal: Terminal,
): Promise<number> {
  const { inspectEngine } = await import('../../../storage/index.ts');
  const engine = await inspectEngine(join(options.data, 'postgres'));
  const findings: Finding[] = [
    { what: 'node', state: 'ok', detail: `${process.version} on ${process.platform}-${process.arch}` },
    describeDatabase(readDatabaseSetting(options, terminal), engine),
    ...describePackages(engine),
    ...(await describeIsolation(terminal.environment)),
  ];
  const isFine = findings.every(({ state }) => state !== 'problem');
  if (options.json) writeJson(terminal, { ok: isFine, findings });
  else {
    const rows = findings.map(({ what, state, detail }) => [what, state, detail]);
    for (const line of alignRows(rows)) writeLine(terminal, line);
  }
  return isFine ? exitCodes.ok : exitCodes.failure;
}

const launcherReasons = {
  direct: 'started directly, since this is an ordinary user',
  'user-namespace': 'started in a user namespace, since the server refuses root',
  'other-user': 'started as another user, since the server refuses root and user namespaces are not available',
} as const;

function describeDatabase(setting: DatabaseSetting, engine: EngineInspection): Finding {
  const what = 'database';
  if (setting.kind === 'off') return { what, state: 'ok', detail: 'off: no customers, budgets or invoices' };
  if (setting.kind === 'pglite') {
    return { what, state: 'problem', detail: 'PGlite: it never waits for the disk; for trials only' };
  }
  if (setting.kind === 'external') {
    return setting.url === undefined
      ? { what, state: 'problem', detail: `external: ${setting.setting} is not set` }
      : { what, state: 'ok', detail: 'external, as configured' };
  }
  if (!engine.canRun) return { what, state: 'problem', detail: `embedded cannot run: ${engine.problem}` };
  const age = engine.hasData ? 'data' : 'data, to be made at the first start,';
  return {
    what,
    state: 'ok',
    detail: `embedded Postgres ${engine.version}, ${launcherReasons[engine.launcher]}; ${age} in ${engine.dataFolder}`,
  };
}

function describePackages(engine: EngineInspection): Finding[] {
  const server: Finding = engine.canRun
    ? { what: engine.packageName, state: 'ok', detail: 'the embedded database server' }
    : { what: engine.packageName, state: 'missing', detail: `${engine.problem}; lost: the embedded database server` };
  const others = optionalPackages.map(([what, use]): Finding => {
    const isThere = isInstalled(what);
    return {
      what,
      state: isThere ? 'ok' : 'missing',
      detail: isThere ? use : `not installed (optional); lost: ${use}`,
    };
  });
  return [server, ...others];
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false; // That is the answer.
  }
}
