import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type {
  AllowedNetwork,
  Driver,
  Isolation,
  ProbeReport,
  Sandbox,
  SandboxMount,
  SandboxSpec,
} from '../contract.ts';
import { type ControlGroups, findControlGroups } from './control-groups.ts';
import { findGuestLibraries } from './guest-libraries.ts';
import { guestRoot } from './guest-root.ts';
import { awaitKeeper } from './keeper.ts';
import { Launchers } from './launchers.ts';
import { createOuterUsers, type OuterUsers } from './outer-users.ts';
import { own, ownerOf, writableFolders } from './owned-folders.ts';
import { startTicks } from './process-scan.ts';
import { type FilterArchitecture, seccompFilter } from './seccomp-filter.ts';
import { fillShelf, type Shelf, type ShelfProgram } from './shelf.ts';
import { sweepSockets } from './socket-folder.ts';
import { clearLeftovers, ownerMark } from './sweep.ts';
import { findSystemTools, type MissingTools, type SystemTools } from './system-tools.ts';
import { probeWorkspaces } from './probe-workspaces.ts';
import { type PreparedSandbox, WarmSandboxes } from './warm-sandboxes.ts';
import { openWayOut, type WayOut, type WayOutSettings } from './way-out.ts';
import { Workspace } from './workspace.ts';

/** What the driver is made with. */
export interface WorkspaceDriverOptions {
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly newId: (prefix: string) => string;
  /** Programs of ours that guests find, besides Node. */
  readonly programs?: readonly ShelfProgram[];
  /** Stand in for what this machine has, so that poorer machines can be simulated. */
  readonly tools?: SystemTools | MissingTools;
  readonly groups?: ControlGroups | 'none';
  readonly users?: OuterUsers;
  readonly filter?: Buffer | 'none';
  /** Sandboxes that are made ahead and wait, so that one is there at once; none unless said. */
  readonly warm?: number;
  /** Stand in for the resolver of what guests may reach and for its guard, for tests. */
  readonly egress?: Pick<WayOutSettings, 'resolve' | 'lookup'>;
}

/** Most sandboxes at once; beyond it creating fails at once instead of taking the machine down. */
const mostSandboxes = 4096;

/** Workspaces in bubblewrap, bounded by control groups where we may make them. */
export class WorkspaceDriver implements Driver {
  readonly engine = 'bubblewrap';
  readonly #options: WorkspaceDriverOptions;
  readonly #tools: SystemTools | MissingTools;
  readonly #groups: ControlGroups | undefined;
  readonly #users: OuterUsers;
  readonly #filter: Buffer | undefined;
  readonly #live = new Set<Sandbox>();
  readonly #mark: string;
  readonly #warm: WarmSandboxes;
  #shelf: Shelf | undefined;
  #launchers: Launchers | undefined;
  #report: ProbeReport | undefined;
  #isClosed = false;

  constructor(options: WorkspaceDriverOptions) {
    this.#options = options;
    this.#tools = options.tools ?? findSystemTools();
    this.#groups = options.groups === 'none' ? undefined : (options.groups ?? findControlGroups());
    this.#users = options.users ?? createOuterUsers();
    this.#filter = options.filter === 'none' ? undefined : (options.filter ?? filterOfMachine());
    this.#mark = ownerMark(process.pid, startTicks(process.pid) ?? '0');
    this.#warm = new WarmSandboxes(options.warm ?? 0, (spec) => this.#prepareWhole(spec));
  }

  get report(): ProbeReport | undefined {
    return this.#report;
  }

  /** Sandboxes that live now. */
  get count(): number {
    return this.#live.size;
  }

  async probe(): Promise<ProbeReport> {
    const { clock } = this.#options;
    this.#report = await probeWorkspaces({
      clock,
      tools: this.#tools,
      hasGroups: this.#groups?.controllers ?? [],
      hasFilter: this.#filter !== undefined,
      hasOwnUsers: process.getuid?.() !== 0 || this.#ownUsers(),
      create: (spec, isolation) => this.#make(spec, isolation),
    });
    return this.#report;
  }

  async create(spec: SandboxSpec): Promise<Sandbox> {
    const report = this.#report ?? (await this.probe());
    if (report.unusable) {
      const { reason, remedy } = report.unusable;
      throw new Fault('isolation_unavailable', { message: `${reason} ${remedy}` });
    }
    const sandbox = await this.#make(spec, report.isolation);
    this.#warm.refill(spec);
    return sandbox;
  }

  /** Makes sandboxes ahead that are like this one, so that the first that is asked for is there at once. */
  keepWarm(spec: SandboxSpec): void {
    if (this.#report !== undefined && this.#report.unusable === undefined) this.#warm.refill(spec);
  }

  sweep(): Promise<number> {
    if (!('reason' in this.#tools)) sweepSockets((this.#shelf ??= this.#fillShelf()).folder);
    return Promise.resolve(clearLeftovers(this.#groups));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#warm.close();
    await Promise.all([...this.#live].map((sandbox) => sandbox.destroy()));
    await this.#launchers?.close();
  }

  #launchersOf(): Launchers {
    this.#launchers ??= new Launchers(this.#usable().perl, () => (this.#shelf ??= this.#fillShelf()).folder);
    return this.#launchers;
  }

  #ownUsers(): boolean {
    const user = this.#users.take();
    this.#users.giveBack(user);
    return user !== undefined;
  }

  async #make(spec: SandboxSpec, isolation: Isolation): Promise<Sandbox> {
    if (this.#isClosed) throw new Fault('shedding', { message: 'The runtime is closing.' });
    if (this.#live.size >= mostSandboxes) throw new Fault('shedding', { message: 'Too many sandboxes are alive.' });
    const made = this.#warm.take(spec) ?? (await this.#prepare(spec));
    const { clock } = this.#options;
    const workspace = new Workspace({
      ...made,
      spec,
      isolation,
      clock,
      launchers: this.#launchersOf(),
      filter: this.#filter,
    });
    this.#live.add(workspace);
    void workspace.gone.finally(() => this.#live.delete(workspace));
    return workspace;
  }

  /** With a launcher that stands ready in it: the first command then starts no program but its own. */
  async #prepareWhole(spec: SandboxSpec): Promise<PreparedSandbox> {
    const made = await this.#prepare(spec);
    const { group, user, keeper } = made;
    const filter = this.#filter;
    const place = { groups: group?.joinFiles ?? [], user, enter: keeper.pid, ...(filter && { filter }) };
    return { ...made, launcher: this.#launchersOf().prepare(place) };
  }

  /** Makes the empty sandbox: namespaces, files, group, keeper. */
  async #prepare(spec: SandboxSpec): Promise<PreparedSandbox> {
    const tools = this.#usable();
    this.#shelf ??= this.#fillShelf();
    const id = this.#options.newId('sbx');
    const parts = { owner: `${this.#mark}.${id}`, perl: tools.perl };
    const folders = writableFolders(spec);
    const user = this.#users.take(ownerOf(folders[0]));
    const group = this.#groups?.open(parts.owner, spec.limits);
    const held: { wayOut?: WayOut } = {};
    const cleanUp = async (): Promise<void> => {
      this.#users.giveBack(user);
      await held.wayOut?.close();
      if (group) await removeGroup(group);
    };
    try {
      if (spec.network?.mode === 'allowed') held.wayOut = await this.#openWayOut(spec, spec.network, { id, user });
      if (user !== undefined) for (const folder of folders) await own(folder, user);
      const launched = await this.#launchersOf().launch({
        argv: [tools.bubblewrap, ...guestRoot(withMount(spec, held.wayOut?.mount), this.#shelf, parts)],
        groups: group?.joinFiles ?? [],
        user,
        extra: ['read', this.#filter ?? allowAll],
      });
      return { id, user, group, cleanUp, keeper: await awaitKeeper(launched) };
    } catch (error) {
      await cleanUp();
      throw error;
    }
  }

  #openWayOut(
    { audit = () => undefined }: SandboxSpec,
    network: AllowedNetwork,
    owner: Pick<WayOutSettings, 'id' | 'user'>,
  ): Promise<WayOut> {
    const { clock, egress } = this.#options;
    const { folder } = (this.#shelf ??= this.#fillShelf());
    return openWayOut({ ...owner, ...egress, network, folder, clock, audit });
  }

  #usable(): SystemTools {
    if (!('reason' in this.#tools)) return this.#tools;
    const { reason, remedy } = this.#tools;
    throw new Fault('isolation_unavailable', { message: `${reason} ${remedy}` });
  }

  #fillShelf(): Shelf {
    const node = { name: 'node', hostPath: process.execPath };
    return fillShelf(this.#options.dataFolder, [node, ...(this.#options.programs ?? [])], findGuestLibraries());
  }
}

function withMount(spec: SandboxSpec, mount: SandboxMount | undefined): SandboxSpec {
  return mount === undefined ? spec : { ...spec, mounts: [...(spec.mounts ?? []), mount] };
}

/** `ret ALLOW`: bubblewrap wants a filter on its descriptor, also where we know none for the machine. */
const allowAll = Buffer.from([0x06, 0, 0, 0, 0, 0, 0xff, 0x7f]);

function filterOfMachine(): Buffer | undefined {
  const known: readonly string[] = ['x64', 'arm64'] satisfies FilterArchitecture[];
  return known.includes(process.arch) ? seccompFilter(process.arch as FilterArchitecture) : undefined;
}

/** Processes of an ended sandbox leave their group a moment after they were killed. */
async function removeGroup(group: { remove(): boolean }): Promise<void> {
  for (let tries = 0; tries < 200 && !group.remove(); tries += 1) await delay(5);
}
