import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { Fault } from '../../domain/faults/fault.ts';
import {
  type LaunchCommand,
  type LaunchPlace,
  type Launched,
  type ReadyLauncher,
  encodeCommand,
  encodePlace,
} from './launch.ts';
import { launcherScript } from './launcher-script.ts';
import { newSocketPath } from './socket-folder.ts';

/** Number of a launch, and which of its descriptors a connection is: what every connection begins with. */
const tokenLength = 16;
const headLength = tokenLength + 3;
const connectDeadlineMs = 10_000;

/** Connections of a launch that have not all come yet. */
interface Expected {
  readonly mother: Mother;
  readonly streams: (Socket | undefined)[];
  missing: number;
  ready(streams: Socket[]): void;
  failed(error: Error): void;
}

/**
 * Starts launchers by a small process that was made once: it forks at every word of ours, and the fork brings its
 * descriptors to us by connecting to a socket. Node itself would copy the tables of its whole memory for each process.
 */
export class Launchers {
  readonly #perl: string;
  readonly #folder: () => string;
  readonly #expected = new Map<string, Expected>();
  #opening: Promise<Mother> | undefined;

  /** The folder is for the socket, and is asked for at the first launch. */
  constructor(perl: string, folder: () => string) {
    this.#perl = perl;
    this.#folder = folder;
  }

  /** Starts a launcher and hands it its whole order. */
  launch(order: LaunchPlace & LaunchCommand): Promise<Launched> {
    return this.prepare(order).start(order);
  }

  /** Starts a launcher and tells it where; what it runs there it is told later. */
  prepare(place: LaunchPlace): ReadyLauncher {
    const extra = place.extra ?? [];
    const own = { isAlive: true };
    const streams = this.#connect(5 + extra.length).then((connected) => {
      const told = connected[4] as Socket;
      told.once('close', () => (own.isAlive = false));
      (connected[3] as Writable).write(encodePlace(place));
      for (const [index, data] of extra.entries()) {
        if (data !== 'read') (connected[5 + index] as Writable).end(data);
      }
      return connected;
    });
    streams.catch(() => (own.isAlive = false));
    return {
      get isAlive() {
        return own.isAlive;
      },
      async start(command) {
        const order = encodeCommand(command);
        const connected = await streams;
        const [stdin, stdout, stderr, orders, told] = connected as [Socket, Socket, Socket, Socket, Socket];
        orders.end(order);
        return {
          stdin,
          stdout,
          stderr,
          told,
          extra: extra.flatMap((data, index) => (data === 'read' ? [connected[5 + index] as Socket] : [])),
          ended: gone(told),
          close: () => connected.forEach((one) => one.destroy()),
        };
      },
      end() {
        // A launcher whose order ends before it is whole goes; nothing has been run.
        streams.then(
          (connected) => connected.forEach((one) => one.destroy()),
          () => undefined,
        );
      },
    };
  }

  /** Ends the process that starts launchers, and with it all that it started. */
  async close(): Promise<void> {
    const mother = await this.#opening?.catch(() => undefined);
    this.#opening = undefined;
    mother?.end();
    await mother?.ended;
  }

  async #connect(count: number): Promise<Socket[]> {
    const token = randomBytes(tokenLength / 2).toString('hex');
    const mother = await this.#mother();
    return new Promise<Socket[]>((resolve, reject) => {
      const deadline = setTimeout(() => this.#expected.get(token)?.failed(broken('not in time')), connectDeadlineMs);
      const streams: (Socket | undefined)[] = Array.from({ length: count }, () => undefined);
      const settle = (): { ready(streams: Socket[]): void; failed(error: Error): void } => {
        clearTimeout(deadline);
        this.#expected.delete(token);
        return { ready: resolve, failed: reject };
      };
      this.#expected.set(token, {
        mother,
        streams,
        missing: count,
        ready: (connected) => settle().ready(connected),
        failed(error) {
          for (const one of streams) one?.destroy();
          settle().failed(error);
        },
      });
      mother.order(`${token} ${count}\n`);
    });
  }

  /** One that could not be made, or has ended, is made anew by whoever needs it next. */
  #mother(): Promise<Mother> {
    if (this.#opening) return this.#opening;
    const opening = this.#open();
    this.#opening = opening;
    const forget = (): void => {
      if (this.#opening === opening) this.#opening = undefined;
    };
    opening.then(({ ended }) => ended.then(forget), forget);
    return opening;
  }

  async #open(): Promise<Mother> {
    const path = newSocketPath(this.#folder(), `launch-${randomBytes(4).toString('hex')}`);
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#take(socket));
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject);
      server.listen({ path, backlog: 511 }, resolve);
    });
    chmodSync(path, 0o600);
    server.unref();
    const child = spawn(this.#perl, ['-e', launcherScript, process.arch, path, String(process.pid)], {
      cwd: '/',
      env: {},
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const mother = new Mother(child, { server, path });
    child.stdout?.on('data', (said: Buffer) => this.#hear(said.toString('latin1')));
    void mother.ended.then(() => {
      for (const one of this.#expected.values()) if (one.mother === mother) one.failed(broken('the launcher ended'));
    });
    return mother;
  }

  /** The process could not make another one. */
  #hear(said: string): void {
    for (const token of said.split('\n')) this.#expected.get(token)?.failed(broken('no process can be made'));
  }

  #take(socket: Socket): void {
    socket.on('error', () => undefined); // Its end tells.
    const read = (): void => {
      const head = socket.read(headLength) as Buffer | null;
      if (head === null) return;
      socket.off('readable', read);
      const text = head.toString('latin1');
      const expected = this.#expected.get(text.slice(0, tokenLength));
      const index = Number.parseInt(text.slice(tokenLength), 10);
      if (expected === undefined || !(index < expected.streams.length)) return void socket.destroy();
      expected.streams[index] = socket;
      expected.missing -= 1;
      if (expected.missing === 0) expected.ready(expected.streams as Socket[]);
    };
    socket.on('readable', read);
  }
}

/** The process whose forks become launchers. */
class Mother {
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, { server, path }: { readonly server: Server; readonly path: string }) {
    this.#child = child;
    this.ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    }).then(() => {
      server.close();
      rmSync(path, { force: true });
    });
    for (const one of [child.stdin, child.stdout]) {
      one?.on('error', () => undefined); // Its end tells.
      (one as Partial<Socket> | null)?.unref?.();
    }
    // Whoever has nothing else to do may end.
    child.unref();
  }

  order(line: string): void {
    this.#child.stdin?.write(line);
  }

  end(): void {
    // Its end is waited for.
    this.#child.ref();
    this.#child.kill('SIGKILL');
  }
}

/** Resolves when whoever has the other end has gone, also while nobody reads. */
function gone(socket: Socket): Promise<void> {
  if (socket.destroyed || socket.readableEnded) return Promise.resolve();
  return new Promise((resolve) => {
    socket.once('end', () => resolve());
    socket.once('close', () => resolve());
  });
}

function broken(detail: string): Fault {
  return new Fault('internal', { message: 'A program of the sandbox could not be started.', detail });
}
