import { Fault } from '../../domain/faults/fault.ts';
import { type Launched } from './launch.ts';

/** The process that holds a sandbox's namespaces: the sandbox lives as long as it does. */
export interface Keeper {
  /** First process of the sandbox, as the host numbers it. */
  readonly pid: number;
  readonly ended: Promise<void>;
  end(): void;
}

const startDeadlineMs = 10_000;

/** Waits until a launched bubblewrap has made its sandbox. Rejects with what it said when it cannot. */
export function awaitKeeper(launched: Launched): Promise<Keeper> {
  const { stdout, stderr, told, extra } = launched;
  // Its standard output is nobody else's: it closes when the last process that makes the sandbox has gone.
  const ended = new Promise<void>((resolve) => {
    stdout.once('end', () => resolve());
    stdout.once('close', () => resolve());
  });
  void ended.then(() => launched.close());
  let said = '';
  let info = '';
  const hear = (bytes: Buffer): void => {
    if (said.length < 2000) said += bytes.toString('utf8');
  };
  stderr.on('data', hear);
  told.on('data', hear);
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      clearTimeout(deadline);
      launched.close();
      reject(new Fault('internal', { message: 'The sandbox could not be made.', detail: `${reason}: ${said.trim()}` }));
    };
    const deadline = setTimeout(() => fail('not in time'), startDeadlineMs);
    void ended.then(() => fail('it ended'));
    let isReady = false;
    const settle = (): void => {
      const pid = /"child-pid":\s*(\d+)/.exec(info)?.[1];
      if (!isReady || pid === undefined) return;
      clearTimeout(deadline);
      resolve({
        pid: Number(pid),
        ended,
        end() {
          // The first process takes the whole sandbox with it; its parent outside sees to it and follows.
          endProcess(Number(pid));
        },
      });
    };
    stdout.once('data', () => {
      isReady = true;
      settle();
    });
    for (const stream of extra) {
      stream.on('data', (bytes: Buffer) => {
        info += bytes.toString('latin1');
        settle();
      });
    }
  });
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}
