import { Fault } from '../../domain/faults/fault.ts';
import type { Sandbox } from '../contract.ts';
import type { DiskRoom } from './disk-room.ts';
import { type CommandWatch, GuestCommand } from './guest-command.ts';
import type { SandboxCommand } from './sandbox-types.ts';
import { absolutePath } from './sandbox-files.ts';

/** How a command is named by those who did not start it. */
export type CommandSelector = { readonly pid: number } | { readonly tag: string };

const mostCommands = 64;
/** Numbers of commands that ended before theirs could be seen; beyond those that the system gives. */
const firstOwnNumber = 10_000_000;

/** A command that was just started, with everything that it says from its first byte. */
export interface StartedCommand {
  readonly command: GuestCommand;
  readonly watch: CommandWatch;
}

/** What commands need of their sandbox. */
export interface CommandDeps {
  readonly disk: Pick<DiskRoom, 'require'>;
  folderExists(path: string): Promise<boolean>;
}

/** The commands of a long-lived sandbox. */
export class SandboxCommands {
  readonly #sandbox: () => Promise<Sandbox>;
  readonly #deps: CommandDeps;
  readonly #running = new Map<number, GuestCommand>();
  #starting = 0;
  #count = firstOwnNumber;

  constructor(sandbox: () => Promise<Sandbox>, deps: CommandDeps) {
    this.#sandbox = sandbox;
    this.#deps = deps;
  }

  /** Starts one; it goes on whether or not somebody watches. */
  async start(command: SandboxCommand, environment: Readonly<Record<string, string>>): Promise<StartedCommand> {
    if (this.#running.size + this.#starting >= mostCommands) {
      throw new Fault('rate_limited', { message: `At most ${mostCommands} commands may run in a sandbox at once.` });
    }
    this.#starting += 1;
    try {
      const sandbox = await this.#sandbox();
      const workingFolder = await this.#folder(command.workingFolder, sandbox);
      // On a full disk only files can be removed, or each command would write until somebody looks again.
      await this.#deps.disk.require();
      const execution = await sandbox.exec({
        argv: [command.program, ...command.arguments],
        environment: { ...environment, ...command.environment },
        ...(workingFolder !== undefined && { workingFolder }),
        ...(command.takesInput && { stdin: 'open' as const }),
      });
      const pid = (await execution.started) ?? (this.#count += 1);
      const started = new GuestCommand(pid, execution, command);
      // In the same moment, or its first words would have nobody to hear them.
      const watch = started.watch();
      this.#running.set(pid, started);
      const forget = (): void => {
        if (this.#running.get(pid) === started) this.#running.delete(pid);
      };
      started.over.then(forget, forget);
      return { command: started, watch };
    } finally {
      this.#starting -= 1;
    }
  }

  list(): GuestCommand[] {
    return [...this.#running.values()];
  }

  /** Throws a `not_found` for one that never was or is over. */
  find(selector: CommandSelector): GuestCommand {
    const found =
      'pid' in selector
        ? this.#running.get(selector.pid)
        : this.list().find(({ command }) => command.tag === selector.tag);
    if (found) return found;
    const name = 'pid' in selector ? `number ${selector.pid}` : `tag ${selector.tag}`;
    throw new Fault('not_found', { message: `No command with the ${name} runs.` });
  }

  async #folder(asked: string | undefined, { home }: Sandbox): Promise<string | undefined> {
    if (asked === undefined || asked === '') return undefined;
    const folder = absolutePath(asked, home);
    if (folder === home || (await this.#deps.folderExists(folder))) return folder;
    throw new Fault('invalid_request', { message: `The working directory ${folder} does not exist.`, param: 'cwd' });
  }
}
