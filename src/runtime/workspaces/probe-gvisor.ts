import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import type { Enforcement, Isolation, LimitedResource, ProbeReport, ProbeStep } from '../contract.ts';
import { limitedResources } from '../contract.ts';
import { findProgram } from './system-tools.ts';

/** What trying out gVisor needs. */
export interface GvisorProbeDeps {
  readonly clock: Clock;
  /** Stands in for where programs are, so that other machines can be simulated. */
  readonly find?: (name: string) => string | undefined;
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 15_000;
const canary = 'canary-of-the-host';

/**
 * Programs that run in a container of gVisor: whether it works at all, which old builds do not on current kernels, and
 * whether it keeps what it must. Each says a word when it held.
 */
const steps: readonly { readonly name: string; readonly script: (file: string) => string; readonly says: string }[] = [
  { name: 'starts a program', script: () => 'echo started', says: 'started' },
  { name: 'lists folders', script: () => 'ls / /usr >/tmp/listed && echo listed', says: 'listed' },
  { name: 'writes to its own places', script: () => 'echo x >/tmp/file && cat /tmp/file', says: 'x' },
  { name: 'a kernel of its own', script: () => 'dmesg | grep -qi gvisor && echo own', says: 'own' },
  { name: 'a file of the host', script: (file) => `cat ${file} 2>/dev/null || echo held`, says: 'held' },
  {
    name: 'no network',
    script: () => 'grep -qvE "^(Inter|.face| *lo:)" /proc/net/dev && echo open || echo held',
    says: 'held',
  },
];

/** Tries out gVisor, when it is installed: by what it does, never by its version. */
export async function probeGvisor({
  clock,
  find = findProgram,
  timeoutMs = defaultTimeoutMs,
}: GvisorProbeDeps): Promise<ProbeReport> {
  const program = find('runsc');
  const base = { engine: 'gvisor', version: '', probedAtMs: clock.nowMs(), enforced: all('none'), gaps: [] };
  if (program === undefined) {
    const remedy = 'Install a current release of runsc to have it tried out.';
    return { isolation: { ...base, tier: 'none' }, steps: [], unusable: { reason: 'runsc is not installed.', remedy } };
  }
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-gvisor-'));
  try {
    const file = join(folder, 'canary');
    writeFileSync(file, canary, { mode: 0o644 });
    const tried: ProbeStep[] = [];
    for (const { name, script, says } of steps) {
      const saw = await runIn(program, script(file), { folder, timeoutMs });
      tried.push({ name, held: saw.trim() === says, saw: saw.trim().slice(0, 200) });
      // What does not start does nothing else either.
      if (tried.at(-1)?.held === false) break;
    }
    return judge(tried, { ...base, version: await versionOf(program, timeoutMs) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function judge(tried: readonly ProbeStep[], base: Omit<Isolation, 'tier'>): ProbeReport {
  const broken = tried.find(({ held }) => !held);
  if (broken === undefined) return { isolation: { ...base, tier: 'gvisor' }, steps: tried };
  const reason = `runsc does not work here: ${broken.name}${broken.saw === '' ? '' : ` (${broken.saw})`}.`;
  const remedy = 'Install a current release; builds of distributions may be too old for this kernel.';
  return { isolation: { ...base, tier: 'none' }, steps: tried, unusable: { reason, remedy } };
}

function all(strength: Enforcement): Readonly<Record<LimitedResource, Enforcement>> {
  return Object.fromEntries(limitedResources.map((resource) => [resource, strength])) as Isolation['enforced'];
}

/** A container with the host's programs read-only and nothing else of it; `runsc do` would show the whole host. */
function runIn(
  runsc: string,
  script: string,
  { folder, timeoutMs }: { readonly folder: string; readonly timeoutMs: number },
): Promise<string> {
  const bundle = mkdtempSync(join(folder, 'b'));
  mkdirSync(join(bundle, 'rootfs'));
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(containerOf(script)));
  const state = join(bundle, 'state');
  const id = `probe-${process.pid}-${bundle.slice(-6)}`;
  const shared = ['--rootless', '--network=none', '--ignore-cgroups', `--root=${state}`];
  return new Promise((resolve) => {
    const words = [...shared, 'run', `--bundle=${bundle}`, id];
    execFile(runsc, words, { env: {}, timeout: timeoutMs, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      resolve(error.killed === true ? 'it did not end in time' : `${stdout}${stderr}`.trim() || error.message);
    });
  });
}

function containerOf(script: string): object {
  const beside = ['bin', 'lib', 'lib64', 'sbin'].map((name) => ({
    destination: `/${name}`,
    type: 'bind',
    source: `/${name}`,
    options: ['ro', 'rbind'],
  }));
  return {
    ociVersion: '1.0.0',
    process: {
      user: { uid: 1000, gid: 1000 },
      args: ['/bin/sh', '-c', script],
      env: ['PATH=/usr/bin:/bin'],
      cwd: '/',
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: true },
    hostname: 'sandbox',
    mounts: [
      { destination: '/usr', type: 'bind', source: '/usr', options: ['ro', 'rbind'] },
      ...beside,
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['size=16m'] },
    ],
    linux: { namespaces: ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({ type })) },
  };
}

function versionOf(runsc: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    execFile(runsc, ['--version'], { env: {}, timeout: timeoutMs }, (error, stdout) =>
      resolve(error === null ? (stdout.split('\n')[0] ?? '').replace(/^runsc version /, '') : 'unknown'),
    );
  });
}
