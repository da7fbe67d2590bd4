import { Fault } from '../../domain/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type {
  Command,
  Execution,
  GuestFiles,
  Isolation,
  Limits,
  Sandbox,
  SandboxSpec,
  SandboxStats,
} from '../contract.ts';
import type { ControlGroup, GroupUsage } from './control-groups.ts';
import { resourceLimits, RunningCommand } from './execution.ts';
import { ShellGuestFiles } from './guest-files.ts';
import { guestEnvironment, guestHome } from './guest-root.ts';
import type { Keeper } from './keeper.ts';
import type { ReadyLauncher } from './launch.ts';
import type { Launchers } from './launchers.ts';
import { processSpace, scanSpace } from './process-scan.ts';
import { wayOutEnvironment } from './way-out.ts';

/** What a workspace is made of; its driver takes it apart again. */
export interface WorkspaceParts {
  readonly id: string;
  readonly spec: SandboxSpec;
  readonly isolation: Isolation;
  readonly launchers: Launchers;
  readonly filter: Buffer | undefined;
  readonly clock: Clock;
  readonly keeper: Keeper;
  readonly group: ControlGroup | undefined;
  readonly user: number | undefined;
  readonly launcher?: ReadyLauncher;
  /** Called once when it is gone; resolves when nothing is left of it. */
  readonly cleanUp: () => Promise<void>;
}

/** How often limits that the kernel does not enforce by itself are looked at while commands run. */
const watchIntervalMs = 50;
/** Without groups each look reads all of /proc. */
const scanIntervalMs = 200;

/** A sandbox of bubblewrap: a keeper process holds its namespaces, and each command enters them. */
export class Workspace implements Sandbox {
  readonly id: string;
  readonly isolation: Isolation;
  readonly home = guestHome;
  readonly files: GuestFiles;
  readonly gone: Promise<void>;
  readonly #parts: WorkspaceParts;
  readonly #running = new Map<RunningCommand, GroupUsage | undefined>();
  #launcher: ReadyLauncher | undefined;
  #space: string | undefined;
  #watch: NodeJS.Timeout | undefined;
  #count = 0;
  #isAlive = true;

  constructor(parts: WorkspaceParts) {
    this.#parts = parts;
    this.#launcher = parts.launcher;
    this.id = parts.id;
    this.isolation = parts.isolation;
    this.files = new ShellGuestFiles((command) => this.exec(command), parts.spec.limits);
    this.gone = parts.keeper.ended.then(async () => {
      this.#isAlive = false;
      clearInterval(this.#watch);
      this.#takeLauncher()?.end();
      await parts.cleanUp();
    });
  }

  get alive(): boolean {
    return this.#isAlive;
  }

  async exec(command: Command): Promise<Execution> {
    if (!this.#isAlive) throw new Fault('not_found', { message: 'The sandbox is gone.' });
    const { launchers, group, user, keeper, filter, spec, clock } = this.#parts;
    const limits: Limits = { ...spec.limits, ...command.limits };
    const usedBefore = group?.usage();
    const place = { groups: group?.joinFiles ?? [], user, enter: keeper.pid, ...(filter && { filter }) };
    const launcher = this.#takeLauncher() ?? launchers.prepare(place);
    const launched = await launcher.start({
      argv: command.argv,
      environment: {
        ...guestEnvironment,
        ...(spec.network?.mode === 'allowed' && wayOutEnvironment),
        ...spec.environment,
        ...command.environment,
      },
      folder: absoluteFolder(command.workingFolder),
      limits: resourceLimits(limits),
    });
    this.#count += 1;
    const running: RunningCommand = new RunningCommand(`${this.id}.${this.#count}`, {
      launched,
      command,
      limits,
      deps: {
        clock,
        lastLook: () => measured(this.#look(running, usedBefore), usedBefore?.cpuMs),
      },
    });
    this.#running.set(running, usedBefore);
    this.#startWatch();
    void running.exited.finally(() => {
      this.#running.delete(running);
      if (this.#running.size > 0) return;
      clearInterval(this.#watch);
      this.#watch = undefined;
    });
    return running;
  }

  /** The one that stands ready, for the first command. */
  #takeLauncher(): ReadyLauncher | undefined {
    const launcher = this.#launcher;
    this.#launcher = undefined;
    return launcher?.isAlive === true ? launcher : undefined;
  }

  stats(): Promise<SandboxStats> {
    const { group } = this.#parts;
    const used = group?.usage() ?? this.#scan();
    return Promise.resolve({
      cpuMs: used?.cpuMs ?? null,
      memoryBytes: used?.memoryBytes ?? null,
      processes: used?.processes ?? null,
    });
  }

  async destroy(): Promise<void> {
    this.#isAlive = false;
    this.#parts.keeper.end();
    await this.gone;
  }

  #startWatch(): void {
    if (this.#watch) return;
    this.#watch = setInterval(
      () => {
        for (const [running, before] of this.#running) this.#look(running, before);
      },
      this.#parts.group ? watchIntervalMs : scanIntervalMs,
    );
  }

  /** Compares what is used with what a command may use, and answers what the group counted. */
  #look(running: RunningCommand, before: GroupUsage | undefined): GroupUsage | undefined {
    const { limits } = running;
    const group = this.#parts.group?.usage();
    const used = group ?? this.#scan();
    if (!used) return undefined;
    const cpuMs = Math.round((used.cpuMs ?? 0) - (before?.cpuMs ?? 0));
    if (cpuMs > limits.cpuMs) running.hit({ name: 'cpu', allowed: limits.cpuMs, observed: cpuMs });
    const kills = (group?.memoryKills ?? 0) - (before?.memoryKills ?? 0);
    if (kills > 0 || (used.memoryBytes ?? 0) > limits.memoryBytes) {
      const observed = (kills > 0 ? group?.peakMemoryBytes : used.memoryBytes) ?? limits.memoryBytes;
      running.hit({ name: 'memory', allowed: limits.memoryBytes, observed });
    }
    const refused = (group?.refusedProcesses ?? 0) - (before?.refusedProcesses ?? 0);
    if (refused > 0 || (used.processes ?? 0) >= limits.processes) {
      // The one that was refused, too. It ends nothing: the guest was told, and goes on within its bound.
      const observed = refused > 0 ? limits.processes + refused : (used.processes ?? 0);
      running.hit({ name: 'processes', allowed: limits.processes, observed }, false);
    }
    return group;
  }

  #scan(): ReturnType<typeof scanSpace> | undefined {
    this.#space ??= processSpace(this.#parts.keeper.pid);
    return this.#space === undefined ? undefined : scanSpace(this.#space);
  }
}

function measured(
  used: GroupUsage | undefined,
  cpuBeforeMs: number | undefined,
): { readonly cpuMs: number | null; readonly peakMemoryBytes: number | null } {
  const cpuMs = used?.cpuMs === undefined || cpuBeforeMs === undefined ? null : Math.round(used.cpuMs - cpuBeforeMs);
  return { cpuMs, peakMemoryBytes: used?.peakMemoryBytes ?? null };
}

function absoluteFolder(folder: string | undefined): string {
  if (folder === undefined) return guestHome;
  return folder.startsWith('/') ? folder : `${guestHome}/${folder}`;
}
