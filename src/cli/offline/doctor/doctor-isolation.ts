import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProbeReport } from '../../../runtime/index.ts';
import type { Finding } from './finding.ts';

type ProcessVariables = { readonly [name: string]: string | undefined };

/** Tries out here and now how code would be isolated; in a folder of its own, since looking leaves nothing behind. */
export async function describeIsolation(environment: ProcessVariables): Promise<Finding[]> {
  const { findEngines, probeFunctions, probeGvisor, WorkspaceDriver } = await import('../../../runtime/index.ts');
  const { systemClock } = await import('../../../platform/clock.ts');
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-doctor-'));
  const newId = (prefix = 'probe'): string => `${prefix}_doctor`;
  const driver = new WorkspaceDriver({ dataFolder: folder, clock: systemClock, newId });
  try {
    const workspaces = await driver.probe();
    const functions = await probeFunctions({
      engines: findEngines(environment),
      root: folder,
      clock: systemClock,
      newId,
    });
    const gvisor = await probeGvisor({ clock: systemClock });
    return [
      ...describe('commands', workspaces),
      ...describeScripts(workspaces, functions),
      ...describe('functions', functions),
      describeGvisor(gvisor),
    ];
  } finally {
    await driver.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where commands are refused, scripts may still run, and that is worth knowing. */
function describeScripts(commands: ProbeReport, functions: ProbeReport): Finding[] {
  if (commands.unusable === undefined || functions.unusable !== undefined) return [];
  const { tier, engine, version } = functions.isolation;
  const detail = `JavaScript and TypeScript run at the tier ${tier} by ${engine} ${version}`;
  return [{ what: 'scripts', state: 'ok', detail }];
}

function describeGvisor({ isolation, unusable, steps }: ProbeReport): Finding {
  const found = `works (${isolation.version}, ${steps.length} programs); this version runs nothing in it`;
  return { what: 'gvisor', state: 'ok', detail: unusable === undefined ? found : `not used: ${unusable.reason}` };
}

function describe(what: string, { isolation, steps, unusable }: ProbeReport): Finding[] {
  if (unusable) return [{ what, state: 'missing', detail: `refused: ${unusable.reason} ${unusable.remedy}` }];
  const enforced = Object.entries(isolation.enforced).map(([resource, strength]) => `${resource} ${strength}`);
  const { tier, engine, version, gaps } = isolation;
  return [
    { what, state: 'ok', detail: `${tier} by ${engine} ${version}, found by ${steps.length} hostile programs` },
    { what: `${what}: limits`, state: 'ok', detail: enforced.join(', ') },
    ...gaps.map((detail): Finding => ({ what: `${what}: known gap`, state: 'ok', detail })),
  ];
}
