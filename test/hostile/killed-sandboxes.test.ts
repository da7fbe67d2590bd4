import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { LiveSandbox } from '../../src/runtime/index.ts';
import { findControlGroups } from '../../src/runtime/workspaces/control-groups.ts';
import { findSystemTools } from '../../src/runtime/workspaces/system-tools.ts';
import { openSandboxes } from './open-sandboxes.ts';

const victim = fileURLToPath(new URL('./sandbox-victim.ts', import.meta.url));
const hasSandbox = !('reason' in findSystemTools());

/** What a supervisor had told its client when it was killed with -9. */
interface Killed {
  readonly pid: number;
  readonly id: string;
  /** Digests of acknowledged files by path. */
  readonly files: ReadonlyMap<string, string>;
}

async function killWriter(dataFolder: string, after: number): Promise<Killed> {
  const child = spawn(process.execPath, ['--import', 'tsx', victim, dataFolder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const files = new Map<string, string>();
  let id = '';
  let isKilled = false;
  // What is in the pipe was told before the end.
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, first = '', digest = ''] = line.split(' ');
    if (word === 'sandbox') id = first;
    if (word === 'file') files.set(first, digest);
    if (files.size < after || isKilled) continue;
    isKilled = true;
    child.kill('SIGKILL');
  }
  await exited;
  return { pid: child.pid ?? 0, id, files };
}

describe.skipIf(!hasSandbox)('a supervisor that is killed while clients write into sandboxes', () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-killed-'));
  afterAll(() => rmSync(dataFolder, { recursive: true, force: true }));

  it.each([12])(
    'has every file that it acknowledged when the next one starts, after %i of them',
    async (after) => {
      const killed = await killWriter(dataFolder, after);
      expect(killed.files.size).toBeGreaterThanOrEqual(after);
      const { sandboxes, driver } = openSandboxes(dataFolder);
      await driver.sweep();
      const live = await sandboxes.reach(killed.id);
      const text = live && (await said(live, 'find . -type f -print0 | xargs -0 sha256sum'));
      const found = new Map((text ?? '').split('\n').map((line) => [line.slice(68), line.slice(0, 64)] as const));
      for (const [path, digest] of killed.files) expect(found.get(path), path).toBe(digest);
      // What was half written when the end came is gone.
      expect([...found.keys()].filter((path) => path.includes('.switchyard-'))).toEqual([]);
      expect(await sandboxes.kill(killed.id)).toBe(true);
      await sandboxes.close();
      await driver.close();
      expect(leftovers(dataFolder, killed)).toEqual([]);
    },
    120_000,
  );
});

/** What a command writes to its standard output. */
async function said(live: LiveSandbox, script: string): Promise<string> {
  const command = { program: '/bin/sh', arguments: ['-c', script], environment: {}, user: 'user', takesInput: false };
  const { watch } = await live.commands.start(command, {});
  let text = '';
  for await (const event of watch.events) if (event.type === 'stdout') text += Buffer.from(event.bytes).toString();
  return text;
}

/** Processes, groups, mounts, records and disks that still name the sandbox or its supervisor. */
function leftovers(dataFolder: string, { pid, id }: Killed): string[] {
  const mark = `switchyard-keeper-${pid}-`;
  const groups = (findControlGroups()?.leftovers() ?? []).map(({ name }) => name);
  const running = readdirSync('/proc').map((name) => (/^\d+$/.test(name) ? commandLine(name) : ''));
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const named = [...groups, ...running, ...mounts].filter((text) => text.includes(mark) || text.includes(id));
  const folders = ['sandboxes', 'disks/all'].map((name) => join(dataFolder, 'runtime', name));
  return [...named, ...folders.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []))];
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return ''; // It ended.
  }
}
