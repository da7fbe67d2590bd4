import type { Driver, Isolation, Sandbox, SandboxSpec } from '../../contract.ts';

const isolation: Isolation = {
  tier: 'sandbox-cgroup',
  engine: 'none',
  version: '0',
  probedAtMs: 0,
  enforced: {
    cpu: 'hard',
    memory: 'hard',
    processes: 'hard',
    disk: 'hard',
    network: 'hard',
    output: 'hard',
    wall: 'hard',
  },
  gaps: [],
};

/** A driver whose sandboxes run nothing; it knows which are up. */
export class IdleDriver implements Driver {
  readonly engine = 'none';
  readonly report = { isolation, steps: [] };
  readonly up = new Set<string>();
  readonly specs: SandboxSpec[] = [];
  fails = false;
  /** Called while one ends. */
  ending: () => void = () => undefined;
  #count = 0;

  probe(): Promise<typeof this.report> {
    return Promise.resolve(this.report);
  }

  create(spec: SandboxSpec): Promise<Sandbox> {
    if (this.fails) return Promise.reject(new Error('no room'));
    const id = `s${(this.#count += 1)}`;
    let end: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.up.add(id);
    this.specs.push(spec);
    const refuse = (): Promise<never> => Promise.reject(new Error('it runs nothing'));
    return Promise.resolve({
      id,
      isolation,
      home: '/home/user',
      exec: refuse,
      files: {
        read: refuse,
        write: refuse,
        list: refuse,
        stat: refuse,
        makeFolder: refuse,
        move: refuse,
        remove: refuse,
      },
      stats: () => Promise.resolve({ cpuMs: 5, memoryBytes: 1000, processes: 1 }),
      endProcesses: () => Promise.resolve(true),
      alive: true,
      gone,
      destroy: () => {
        this.ending();
        this.up.delete(id);
        end();
        return Promise.resolve();
      },
    });
  }

  sweep(): Promise<number> {
    return Promise.resolve(0);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
