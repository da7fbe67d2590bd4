import type { Exit, LimitedResource, Limits, Sandbox } from '../../src/runtime/contract.ts';

/** What a hostile program is tried with. */
export interface HostileWorld {
  readonly sandbox: Sandbox;
  /** Somebody else's sandbox, with a word in its home. */
  readonly neighbour: Sandbox;
  readonly neighbourWord: string;
  /** A file of the host that everyone there may read, and what it says. */
  readonly canaryFile: string;
  readonly canaryWord: string;
  /** Where a canary listens on the host's loopback addresses, and sockets of the host by path and by name. */
  readonly canaryPort: number;
  readonly socketPath: string;
  readonly socketName: string;
  /** Connections that reached a canary. */
  reached(): number;
}

/** What came of it. */
export interface HostileResult {
  readonly exit: Exit;
  readonly stdout: string;
  readonly stderr: string;
}

/** One hostile program: what it tries, what must become of it, and how that is seen. */
export interface HostileProgram {
  /** Number in the list of attacks; never reused. */
  readonly number: number;
  readonly area: 'files' | 'secrets' | 'network' | 'resources' | 'privilege';
  readonly tries: string;
  /** blocked: it does not happen. bounded: it ends at a limit. contained: it happens, and only to itself. */
  readonly expected: 'blocked' | 'bounded' | 'contained';
  readonly language: 'sh' | 'perl' | 'python3' | 'node';
  readonly limits?: Partial<Limits>;
  /** The limit that must be told. */
  readonly limit?: LimitedResource;
  program(world: HostileWorld): string;
  held(result: HostileResult, world: HostileWorld): boolean | Promise<boolean>;
}

/** It printed `held`, and nothing that says it got through. */
export const saysHeld = ({ stdout }: HostileResult): boolean => stdout.includes('held') && !stdout.includes('through');
