import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../../domain/faults/fault.ts';
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
import { endGuests, processSpace, scanSpace } from './process-scan.ts';
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
/** Who was killed is gone a moment later; whoever outruns so many looks is not to be ended one by one. */
const endingLooks = 40;
const endingIntervalMs = 5;

/** A sandbox of bubblewrap: a keeper process holds its namespaces, and each command enters them. */
export class Workspace implements Sandbox {
  readonly id: string;
  readonly isolation: Isolation;
  readonly home = guestHome;
  readonly files: GuestFiles;
  readonly gone: Promise<void>;
  readonly #parts: WorkspaceParts;
  readonly #running = new Map<RunningCommand, Seen>();
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
    const seen: Seen = { before: group?.usage(), mostMemoryBytes: 0 };
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
        lastLook: () => measured(this.#look(running, seen), seen),
      },
    });
    this.#running.set(running, seen);
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

  async endProcesses(): Promise<boolean> {
    this.#takeLauncher()?.end();
    for (let looks = 0; this.#isAlive && looks < endingLooks; looks += 1) {
      const space = this.#spaceOf();
      if (space === undefined) return false;
      if (endGuests(space)) return true;
      await delay(endingIntervalMs);
    }
    return false;
  }

  async destroy(): Promise<void> {
    // Of one that is gone the number may be another's by now.
    if (this.#isAlive) this.#parts.keeper.end();
    this.#isAlive = false;
    await this.gone;
  }

  #startWatch(): void {
    if (this.#watch) return;
    this.#watch = setInterval(
      () => {
        for (const [running, seen] of this.#running) this.#look(running, seen);
      },
      this.#parts.group ? watchIntervalMs : scanIntervalMs,
    );
  }

  /** Compares what is used with what a command may use, and answers what the group counted. */
  #look(running: RunningCommand, seen: Seen): GroupUsage | undefined {
    const { limits } = running;
    const { before } = seen;
    const group = this.#parts.group?.usage();
    const used = group ?? this.#scan();
    if (!used) return undefined;
    seen.mostMemoryBytes = Math.max(seen.mostMemoryBytes, used.memoryBytes ?? 0);
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
    const space = this.#spaceOf();
    return space === undefined ? undefined : scanSpace(space);
  }

  #spaceOf(): string | undefined {
    this.#space ??= processSpace(this.#parts.keeper.pid);
    return this.#space;
  }
}

/** What is known of a command's use. */
interface Seen {
  /** What the group had counted when it began. */
  readonly before: GroupUsage | undefined;
  /** Of all looks. */
  mostMemoryBytes: number;
}

/** A group counts for as long as it is there: a peak is this command's when it rose with it, else the looks tell. */
function measured(
  used: GroupUsage | undefined,
  { before, mostMemoryBytes }: Seen,
): { readonly cpuMs: number | null; readonly peakMemoryBytes: number | null } {
  const cpuMs = used?.cpuMs === undefined || before?.cpuMs === undefined ? null : Math.round(used.cpuMs - before.cpuMs);
  const peak = used?.peakMemoryBytes;
  if (peak === undefined) return { cpuMs, peakMemoryBytes: null };
  return { cpuMs, peakMemoryBytes: peak > (before?.peakMemoryBytes ?? 0) ? peak : mostMemoryBytes };
}

function absoluteFolder(folder: string | undefined): string {
  if (folder === undefined) return guestHome;
  return folder.startsWith('/') ? folder : `${guestHome}/${folder}`;
}
