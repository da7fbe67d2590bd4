import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
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

  it.each([25])(
    'has every file that it acknowledged when the next one starts, after %i of them',
    async (after) => {
      const killed = await killWriter(dataFolder, after);
      expect(killed.files.size).toBeGreaterThanOrEqual(after);
      const { sandboxes, driver } = openSandboxes(dataFolder);
      await driver.sweep();
      const live = await sandboxes.reach(killed.id);
      const home = (await live?.files.list('.', 3))?.filter(({ type }) => type === 'file') ?? [];
      // Whatever was half written is not there under its name, and what lies beside is not shown as a file of theirs.
      const whole = home.filter(({ name }) => !name.startsWith('.switchyard-'));
      for (const [path, digest] of killed.files) {
        expect(whole.map((entry) => entry.path)).toContain(`/home/user/${path}`);
        const pieces: Uint8Array[] = [];
        for await (const piece of (await live?.files.read(path))?.bytes ?? []) pieces.push(piece);
        expect(createHash('sha256').update(Buffer.concat(pieces)).digest('hex'), path).toBe(digest);
      }
      expect(await sandboxes.kill(killed.id)).toBe(true);
      await sandboxes.close();
      await driver.close();
      expect(leftovers(dataFolder, killed)).toEqual([]);
    },
    60_000,
  );
});

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
