// Makes and ends sandboxes, and kills supervisors of sandboxes with -9, over and over, and counts what is left of them.
//
//   node scripts/crash-runtime.mjs [--cycles 5000] [--kills 300]
//
// A cycle makes a sandbox, runs a command that leaves a child behind, and ends the sandbox; every tenth has a way out.
// A kill ends a supervisor with busy sandboxes; after the next one's start nothing of the killed one may be left.
// Looked at: processes, control groups, mounts, folders, sockets and descriptors. Exits with 1 when anything is left.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { register } from 'tsx/esm/api';

register();
const { killSupervisor } = await import('../test/hostile/kill-supervisor.ts');
const { findControlGroups } = await import('../src/runtime/workspaces/control-groups.ts');
const { defaultLimits, WorkspaceDriver } = await import('../src/runtime/index.ts');
const { systemClock } = await import('../src/platform/clock.ts');

const { values } = parseArgs({
  options: { cycles: { type: 'string', default: '200' }, kills: { type: 'string', default: '20' } },
});
const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-crash-runtime-'));
let count = 0;
const newId = (prefix) => `${prefix}_${process.pid}_${String((count += 1)).padStart(8, '0')}`;
const driver = new WorkspaceDriver({ dataFolder, clock: systemClock, newId, warm: 2 });
let failures = 0;
try {
  const { unusable } = await driver.probe();
  if (unusable) throw new Error(`Sandboxes cannot be made on this machine: ${unusable.reason} ${unusable.remedy}`);
  await cycle(Number(values.cycles));
  for (let kill = 1; kill <= Number(values.kills); kill += 1) await killOne(kill);
} finally {
  await driver.close();
  rmSync(dataFolder, { recursive: true, force: true });
}
say(failures === 0 ? 'nothing was left behind' : `${failures} checks found something left behind`);
process.exitCode = failures === 0 ? 0 : 1;

async function cycle(cycles) {
  // What a first sandbox sets up for all that follow is no leak.
  for (let one = 0; one < 20; one += 1) await oneSandbox(one);
  const before = await settled();
  const startedMs = performance.now();
  for (let one = 1; one <= cycles; one += 1) {
    await oneSandbox(one);
    if (one % 500 === 0) say(`${one} sandboxes made and ended, ${describe(held())}`);
  }
  const after = await settled();
  const isLeaking = Object.keys(before).some((what) => after[what] > before[what]);
  if (isLeaking) failures += 1;
  const perSecond = Math.round((cycles / (performance.now() - startedMs)) * 1000);
  say(
    `${cycles} sandboxes made and ended, ${perSecond} a second; before: ${describe(before)}; after: ${describe(after)}`,
  );
}

async function oneSandbox(one) {
  const network = one % 10 === 0 ? { mode: 'allowed', allow: ['example.com'] } : { mode: 'denied' };
  const sandbox = await driver.create({ limits: defaultLimits, network });
  const running = await sandbox.exec({ argv: ['sh', '-c', 'echo kept >file; sleep 60 & exit 3'] });
  const { code } = await running.exited;
  await sandbox.destroy();
  if (code === 3) return;
  failures += 1;
  say(`a command ended with ${code}`);
}

async function killOne(kill) {
  const mountsBefore = mounts();
  const killed = await killSupervisor(dataFolder, { after: (kill % 9) + 1 });
  if (killed === 'unusable') throw new Error('Sandboxes cannot be made on this machine; see `switchyard doctor`.');
  const { left } = killed;
  await driver.sweep();
  const now = { ...killed.look(), mounts: mounts() - mountsBefore };
  const isLeft = Object.values(now).some((number) => number > 0);
  if (isLeft) failures += 1;
  if (isLeft || kill % 10 === 0) say(`kill ${kill}: ${describe(left)}; after the next start: ${describe(now)}`);
}

/** What this process holds, once the last ends are told. */
async function settled() {
  let last = '';
  for (let tries = 0; tries < 200; tries += 1) {
    const seen = held();
    if (JSON.stringify(seen) === last) return seen;
    last = JSON.stringify(seen);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return held();
}

function held() {
  const own = `switchyard-keeper-${process.pid}-`;
  const processes = readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && (read(`/proc/${pid}/cmdline`) + read(`/proc/${pid}/cgroup`)).includes(own),
  );
  const groups = (findControlGroups()?.leftovers() ?? []).filter(({ name }) => name.startsWith(own));
  return {
    processes: processes.length,
    groups: groups.length,
    mounts: mounts(),
    folders: readdirSync(dataFolder, { recursive: true }).length,
    sockets: read('/proc/net/unix')
      .split('\n')
      .filter((line) => line.includes(`/${process.pid}-`)).length,
    descriptors: readdirSync('/proc/self/fd').length,
  };
}

/** Ours: others of the machine mount as well. */
function mounts() {
  const isOurs = (line) => line.includes(dataFolder) || line.includes('switchyard') || line.includes('/newroot');
  return read('/proc/self/mounts').split('\n').filter(isOurs).length;
}

function describe(counts) {
  return Object.entries(counts)
    .map(([what, number]) => `${number} ${what}`)
    .join(', ');
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // It ended.
  }
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
