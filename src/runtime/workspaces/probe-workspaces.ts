import { execFile } from 'node:child_process';
import { mkdtempSync, readlinkSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type {
  Enforcement,
  Isolation,
  LimitedResource,
  ProbeReport,
  ProbeStep,
  Sandbox,
  SandboxSpec,
} from '../contract.ts';
import { probeLimits, type ProbeCanaries, probeSteps, stepCommand } from './probe-steps.ts';
import type { MissingTools, SystemTools } from './system-tools.ts';

/** What the probe works with. */
export interface ProbeDeps {
  readonly clock: Clock;
  readonly tools: SystemTools | MissingTools;
  /** Controllers of control groups that we may use. */
  readonly hasGroups: readonly string[];
  readonly hasFilter: boolean;
  /** Whether sandboxes run as users that own nothing else. */
  readonly hasOwnUsers: boolean;
  readonly create: (spec: SandboxSpec, isolation: Isolation) => Promise<Sandbox>;
}

/** One program of the probe that ran. */
interface SeenStep extends ProbeStep {
  readonly shows: 'boundary' | LimitedResource;
  /** It came to its end by itself: what it did not show is not there. */
  readonly ended: boolean;
}

const noLimits: Isolation['enforced'] = {
  cpu: 'none',
  memory: 'none',
  processes: 'none',
  disk: 'none',
  network: 'none',
  output: 'none',
  wall: 'none',
};

/** How often it is tried to find out; a machine with too much to do starts nothing in time. */
const maxTries = 3;

/**
 * Finds out what bubblewrap is worth on this machine, by trying to break out of a sandbox of it. A boundary that does
 * not hold makes the driver unusable; a limit that does not hold is told. What shows nothing either way, because no
 * sandbox began or a program did not come to its end, is tried again.
 */
export async function probeWorkspaces(deps: ProbeDeps): Promise<ProbeReport> {
  for (let tries = 1; ; tries++) {
    const { isSure, ...report } = await probeOnce(deps);
    if (isSure || tries === maxTries) return report;
  }
}

async function probeOnce(deps: ProbeDeps): Promise<ProbeReport & { readonly isSure: boolean }> {
  const { tools, clock } = deps;
  const base = { engine: 'bubblewrap', version: '', probedAtMs: clock.nowMs(), enforced: noLimits, gaps: [] };
  const refused: Isolation = { ...base, tier: 'none' };
  if ('reason' in tools) return { isolation: refused, steps: [], unusable: tools, isSure: true };
  const version = await versionOf(tools.bubblewrap);
  let sandbox: Sandbox;
  try {
    sandbox = await deps.create({ limits: probeLimits }, { ...refused, version });
  } catch (error) {
    const unusable = { reason: `bubblewrap cannot make a sandbox here (${detailOf(error)}).`, remedy: namespaceRemedy };
    return { isolation: { ...refused, version }, steps: [], unusable, isSure: false };
  }
  const canaries = await layCanaries();
  const steps: SeenStep[] = [];
  try {
    for (const step of probeSteps) {
      steps.push({ name: step.name, shows: step.shows, ...(await runStep(sandbox, step, canaries)) });
      // Nothing more hostile is tried where the boundary itself does not hold.
      if (step.shows === 'boundary' && steps.at(-1)?.held === false) break;
    }
  } finally {
    canaries.remove();
    await sandbox.destroy();
  }
  const isSure = steps.every(({ shows, held, ended }) => held || ended || !isNeeded(shows));
  return { ...judge(deps, steps, { ...base, version }), isSure };
}

const namespaceRemedy =
  'Allow unprivileged user namespaces: sysctl kernel.unprivileged_userns_clone=1 on older Debian; on Ubuntu 24.04 an AppArmor profile for /usr/bin/bwrap with `userns,` in it.';

async function runStep(
  sandbox: Sandbox,
  step: (typeof probeSteps)[number],
  canaries: ProbeCanaries,
): Promise<Pick<SeenStep, 'held' | 'saw' | 'ended'>> {
  const execution = await sandbox.exec(stepCommand(step, canaries));
  let output = '';
  for await (const { stream, bytes } of execution.output()) {
    if (stream === 'stdout') output += Buffer.from(bytes).toString('latin1');
  }
  const exit = await execution.exited;
  const hits = exit.limitsHit.map(({ name, allowed, observed }) => `${name} ${observed} of ${allowed}`).join(', ');
  const saw = hits === '' ? output.slice(0, 200).trim() : `limit: ${hits}`;
  return { held: step.held({ exit, output }, canaries), saw, ended: exit.code !== null && hits === '' };
}

/** What must hold for anything to run. */
function isNeeded(shows: SeenStep['shows']): boolean {
  return shows === 'boundary' || shows === 'network';
}

function judge(
  deps: ProbeDeps,
  steps: readonly SeenStep[],
  base: Omit<Isolation, 'tier' | 'enforced' | 'gaps'>,
): ProbeReport {
  const has = (controller: string): boolean => deps.hasGroups.includes(controller);
  const byKernel: Readonly<Record<LimitedResource, boolean>> = {
    cpu: has('cpu'),
    memory: has('memory'),
    processes: has('pids') || deps.hasOwnUsers,
    disk: true,
    network: true,
    output: true,
    wall: true,
  };
  const enforcement = (resource: LimitedResource): Enforcement => {
    if (!steps.some(({ shows, held }) => shows === resource && held)) return 'none';
    return byKernel[resource] ? 'hard' : 'soft';
  };
  const enforced = Object.fromEntries(
    Object.keys(noLimits).map((resource) => [resource, enforcement(resource as LimitedResource)]),
  ) as unknown as Isolation['enforced'];
  const gaps = gapsOf(deps, enforced);
  const plain = steps.map(({ name, held, saw }) => ({ name, held, saw }));
  const broken = steps.filter(({ shows, held }) => !held && isNeeded(shows));
  if (broken.length > 0) {
    const reason = `Sandboxes of bubblewrap do not hold here: ${broken.map(({ name }) => name).join('; ')}.`;
    const remedy = 'Run on a kernel with user, mount, process and network namespaces.';
    return { isolation: { ...base, tier: 'none', enforced, gaps }, steps: plain, unusable: { reason, remedy } };
  }
  const hasGroups = enforced.memory === 'hard' && enforced.processes === 'hard' && has('pids');
  return {
    isolation: { ...base, tier: hasGroups ? 'sandbox-cgroup' : 'sandbox-rlimit', enforced, gaps },
    steps: plain,
  };
}

function gapsOf(deps: ProbeDeps, enforced: Isolation['enforced']): string[] {
  const weak = Object.entries(enforced).flatMap(([resource, strength]) => {
    if (strength === 'hard') return [];
    return [strength === 'soft' ? `${resource}: watched, ended after the fact` : `${resource}: not limited`];
  });
  return [
    'The kernel is shared with the host: a hole in it is a way out.',
    'Timers are precise: side channels between processes of one machine are not closed.',
    ...(deps.hasFilter ? [] : ['No filter of system calls on this architecture.']),
    ...(deps.hasOwnUsers ? [] : ['Sandboxes run as root of the host behind a user namespace.']),
    ...weak,
  ];
}

async function layCanaries(): Promise<ProbeCanaries & { remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-probe-'));
  chmodSync(folder, 0o755);
  const file = join(folder, 'canary');
  const word = 'canary-of-the-host';
  writeFileSync(file, word, { mode: 0o644 });
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const namespaces = ['pid', 'mnt', 'net', 'user', 'ipc', 'uts'].map((name) => readlinkSync(`/proc/self/ns/${name}`));
  return {
    file,
    word,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    namespaces,
    remove() {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function versionOf(program: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], { env: {}, timeout: 5000 });
    return stdout.trim().split(' ').at(-1) ?? '';
  } catch {
    return 'unknown';
  }
}

function detailOf(error: unknown): string {
  return (Fault.is(error) ? error.detail : undefined) ?? String(error);
}
