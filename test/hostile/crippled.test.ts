import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ProbeReport } from '../../src/runtime/contract.ts';
import { WorkspaceDriver, type WorkspaceDriverOptions } from '../../src/runtime/index.ts';
import { type ControlGroups, findControlGroups } from '../../src/runtime/workspaces/control-groups.ts';
import { createOuterUsers } from '../../src/runtime/workspaces/outer-users.ts';
import { findSystemTools, type SystemTools } from '../../src/runtime/workspaces/system-tools.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { createSystemRandom } from '../../src/platform/random.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-crippled-'));
chmodSync(folder, 0o755);
const newId = createIdSource(systemClock, createSystemRandom());
const found = findSystemTools();
const tools = 'reason' in found ? undefined : found;
const groups = findControlGroups();

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function probe(options: Partial<WorkspaceDriverOptions>): Promise<ProbeReport> {
  const driver = new WorkspaceDriver({ dataFolder: join(folder, 'data'), clock: systemClock, newId, ...options });
  try {
    return await driver.probe();
  } finally {
    await driver.close();
  }
}

/** A bubblewrap that does not do everything that it is asked for. */
function broken(name: string, script: string, real: SystemTools): SystemTools {
  const bubblewrap = join(folder, name);
  writeFileSync(bubblewrap, `#!/bin/bash\n${script.replaceAll('REAL', real.bubblewrap)}\n`);
  chmodSync(bubblewrap, 0o755);
  return { ...real, bubblewrap };
}

const without = (option: string, words = 1): string =>
  `kept=(); while [ $# -gt 0 ]; do if [ "$*" != "\${*#${option}}" ]; then shift ${words}; else kept+=("$1"); shift; fi; done; exec REAL "\${kept[@]}"`;

describe('where nothing can be isolated', () => {
  const missing = (platform: NodeJS.Platform, names: readonly string[]): WorkspaceDriverOptions['tools'] =>
    findSystemTools(platform, (name) => (names.includes(name) ? `/usr/bin/${name}` : undefined));

  it.each([
    ['bubblewrap is not installed', missing('linux', ['perl']), 'apt-get install bubblewrap'],
    ['perl is not installed', missing('linux', ['bwrap']), 'perl-base'],
    ['the system is no Linux', missing('darwin', ['bwrap', 'perl']), 'Linux'],
  ])('says what to do when %s, and refuses', async (_name, crippled, remedy) => {
    const driver = new WorkspaceDriver({
      dataFolder: folder,
      clock: systemClock,
      newId,
      ...(crippled && { tools: crippled }),
    });
    const report = await driver.probe();
    expect(report.isolation.tier).toBe('none');
    expect(report.unusable?.remedy).toContain(remedy);
    await expect(driver.create({ limits: {} as never })).rejects.toMatchObject({ code: 'isolation_unavailable' });
  });
});

describe.skipIf(tools === undefined)('where bubblewrap does not do what it says', () => {
  const real = tools ?? { bubblewrap: '', perl: '' };

  it.each([
    ['fails for want of user namespaces', 'echo "No permissions to create new namespace" >&2; exit 1'],
    ['does not start at all', 'exit 127'],
    ['makes no sandbox and runs the program', `echo '{"child-pid": '$$'}' >&5; echo; exec sleep 20`],
    ['leaves the network as it is', 'exec REAL --share-net "$@"'],
    ['leaves the way to nested user namespaces open', without('--disable-userns')],
    ['leaves its root writable', without('--remount-ro / ', 2)],
  ])('is not used when it %s', async (name, script) => {
    const crippled = broken(name.replaceAll(' ', '-'), script, real);
    const report = await probe({ tools: crippled });
    expect(report.isolation.tier).toBe('none');
    expect(report.unusable?.reason).toMatch(/cannot make a sandbox|do not hold/);
    expect(report.unusable?.remedy).not.toBe('');
  });
});

const isUsable = tools !== undefined && (await probe({})).unusable === undefined;

describe.skipIf(!isUsable)('where limits are not what they could be', () => {
  it('watches CPU time and memory without control groups, and says so', async () => {
    const { isolation } = await probe({ groups: 'none' });
    expect(isolation.tier).toBe('sandbox-rlimit');
    expect(isolation.enforced).toMatchObject({ cpu: 'soft', memory: 'soft', disk: 'hard', network: 'hard' });
    expect(isolation.gaps.join()).toContain('memory: watched');
  });

  it.skipIf(groups === undefined)('does not take a group for a limit that does not bind', async () => {
    const { isolation } = await probe({ groups: hollow(groups as ControlGroups) });
    expect(isolation.enforced.memory).toBe('none');
    expect(isolation.tier).toBe('sandbox-rlimit');
    expect(isolation.gaps.join()).toContain('memory: not limited');
  });

  it('says when there is no filter of system calls', async () => {
    const { isolation } = await probe({ filter: 'none' });
    expect(isolation.gaps.join()).toContain('No filter');
  });

  it('says when sandboxes cannot have users of their own', async () => {
    const { isolation } = await probe({ users: createOuterUsers(true, '         0          0          1') });
    const isRoot = process.getuid?.() === 0;
    expect(isolation.gaps.some((gap) => gap.includes('run as root'))).toBe(isRoot);
  });
});

/** Groups that can be made and joined, and hold nothing. */
function hollow(real: ControlGroups): ControlGroups {
  return {
    ...real,
    open: () => ({ joinFiles: [], usage: () => ({}), limit: () => undefined, isEmpty: () => true, remove: () => true }),
  };
}
