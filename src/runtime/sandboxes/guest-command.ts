import type { Execution, Exit } from '../contract.ts';
import type { SandboxCommand } from './sandbox-types.ts';

/** What somebody who watches a command is told. */
export type CommandEvent =
  | { readonly type: 'stdout' | 'stderr'; readonly bytes: Uint8Array }
  | { readonly type: 'end'; readonly exit: Exit }
  /** Its time was over: it was ended for that. */
  | { readonly type: 'deadline' };

/** What somebody sees of a command. */
export interface CommandWatch {
  readonly events: AsyncIterable<CommandEvent>;
  /** To be called by who leaves before the end: the command is no longer held back for it. */
  stop(): void;
}

/** One of those who watch a command. */
interface Watcher {
  readonly queue: CommandEvent[];
  queuedBytes: number;
  isOver: boolean;
  wake?: (() => void) | undefined;
}

/** So much waits for the slowest who watches; then the command waits. */
const highBytes = 256 * 1024;

/** A command that runs in a long-lived sandbox, whoever watches: nobody, or several at once. */
export class GuestCommand {
  readonly pid: number;
  readonly command: SandboxCommand;
  /** Resolves when it is over. */
  readonly over: Promise<void>;
  readonly #execution: Execution;
  readonly #watchers = new Set<Watcher>();
  #deadline: NodeJS.Timeout | undefined;
  #isLate = false;
  #hasRoom: (() => void) | undefined;

  constructor(pid: number, execution: Execution, command: SandboxCommand) {
    this.pid = pid;
    this.command = command;
    this.#execution = execution;
    if (command.deadlineMs !== undefined) {
      this.#deadline = setTimeout(() => {
        this.#isLate = true;
        this.kill('SIGKILL');
      }, command.deadlineMs);
    }
    this.over = this.#pump();
  }

  /** Everything from now on, ending with how it ended. Who takes nothing holds the command back, until it stops. */
  watch(): CommandWatch {
    const watcher: Watcher = { queue: [], queuedBytes: 0, isOver: false };
    this.#watchers.add(watcher);
    const stop = (): void => {
      watcher.isOver = true;
      watcher.queue.length = 0;
      this.#watchers.delete(watcher);
      watcher.wake?.();
      this.#hasRoom?.();
    };
    return { events: this.#read(watcher), stop };
  }

  /** False when it takes no input. */
  async write(bytes: Uint8Array): Promise<boolean> {
    return this.command.takesInput && this.#execution.writeInput(bytes);
  }

  closeInput(): void {
    this.#execution.closeInput();
  }

  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT'): void {
    this.#execution.kill(signal);
  }

  async *#read(watcher: Watcher): AsyncGenerator<CommandEvent> {
    for (;;) {
      const event = watcher.queue.shift();
      if (event !== undefined) {
        if ('bytes' in event) watcher.queuedBytes -= event.bytes.length;
        this.#hasRoom?.();
        yield event;
      } else if (watcher.isOver) return;
      else {
        await new Promise<void>((resolve) => {
          watcher.wake = resolve;
        });
      }
    }
  }

  async #pump(): Promise<void> {
    for await (const { stream, bytes } of this.#execution.output()) {
      this.#tell({ type: stream, bytes });
      // Each look may find somebody new who is slow.
      while ([...this.#watchers].some(({ queuedBytes }) => queuedBytes > highBytes)) {
        await new Promise<void>((resolve) => {
          this.#hasRoom = resolve;
        });
      }
    }
    const exit = await this.#execution.exited;
    clearTimeout(this.#deadline);
    this.#tell(this.#isLate ? { type: 'deadline' } : { type: 'end', exit });
    for (const watcher of this.#watchers) {
      watcher.isOver = true;
      watcher.wake?.();
    }
  }

  #tell(event: CommandEvent): void {
    for (const watcher of this.#watchers) {
      watcher.queue.push(event);
      if ('bytes' in event) watcher.queuedBytes += event.bytes.length;
      watcher.wake?.();
    }
  }
}
