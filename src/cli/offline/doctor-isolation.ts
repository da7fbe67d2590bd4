import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProbeReport } from '../../runtime/index.ts';
import type { Finding } from './finding.ts';

type ProcessVariables = { readonly [name: string]: string | undefined };

/** Tries out here and now how code would be isolated; in a folder of its own, since looking leaves nothing behind. */
export async function describeIsolation(environment: ProcessVariables): Promise<Finding[]> {
  const { findEngines, probeFunctions, WorkspaceDriver } = await import('../../runtime/index.ts');
  const { systemClock } = await import('../../platform/clock.ts');
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
    return [...describe('commands', workspaces), ...describe('functions', functions)];
  } finally {
    await driver.close();
    rmSync(folder, { recursive: true, force: true });
  }
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
