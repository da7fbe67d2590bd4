import type { Isolation } from '../contract.ts';

/** Whom a sandbox belongs to: nobody else can find it. */
export interface SandboxOwner {
  readonly key: string;
  readonly customer: string;
  /** Whose budget bounds what it uses, too; says nothing about who may find it. */
  readonly project?: string | undefined;
}

/** What a sandbox is asked for with. */
export interface NewSandbox {
  readonly template: string;
  /** How long it lives unless its time is set anew; absent: the configuration's. */
  readonly ttlMs?: number | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Variables of every command. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** What becomes of it when its time is over. */
  readonly onTimeout?: 'kill' | 'pause' | undefined;
  /** Whether a request for a paused one wakes it. */
  readonly autoResume?: boolean | undefined;
  /** Whether its ports may be reached without its traffic token. */
  readonly publicTraffic?: boolean | undefined;
}

/** Everything about a sandbox that outlives its processes and ours. */
export interface SandboxRecord extends SandboxOwner {
  readonly id: string;
  readonly template: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  /** Opens its files and commands. */
  readonly accessToken: string;
  /** Opens its ports where they are not public. */
  readonly trafficToken: string;
  readonly startedAtMs: number;
  readonly endsAtMs: number;
  /** The time that it was last given: what it gets again when it is woken without another. */
  readonly ttlMs: number;
  readonly state: 'running' | 'paused';
  readonly pausedAtMs: number | null;
  readonly onTimeout: 'kill' | 'pause';
  readonly autoResume: boolean;
  readonly publicTraffic: boolean;
}

/** Bounds of sandboxes, as the operator decides them. */
export interface SandboxSettings {
  /** Running at once, per key. */
  readonly perKey: number;
  /** Running and paused together, per key. */
  readonly keptPerKey: number;
  readonly defaultTtlMs: number;
  readonly maxTtlMs: number;
  /** A paused one that nobody wakes is removed after this time. */
  readonly pausedMs: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly processes: number;
  /** Largest file through the file interface. */
  readonly fileBytes: number;
}

/** What a sandbox used at a moment. */
export interface SandboxMetric {
  readonly atMs: number;
  readonly cpuCount: number;
  readonly cpuUsedPct: number;
  readonly memoryUsedBytes: number;
  readonly memoryTotalBytes: number;
  readonly diskUsedBytes: number;
  readonly diskTotalBytes: number;
}

/** A command for a long-lived sandbox. */
export interface SandboxCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder?: string | undefined;
  readonly user: string;
  readonly tag?: string | undefined;
  /** Whether more input can be sent while it runs. */
  readonly takesInput: boolean;
  /** It is ended after this time, watched or not; absent: with the sandbox. */
  readonly deadlineMs?: number | undefined;
}

/** What stands at a path, with all that the wire tells. */
export interface SandboxEntry {
  readonly name: string;
  readonly path: string;
  /** Of a link: what it leads to; `symlink` when it leads nowhere. */
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  readonly sizeBytes: number;
  /** Type and permission bits as the system has them. */
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  readonly modifiedAtMs: number;
  readonly linkTo?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A change below a watched folder. */
export interface SandboxFileEvent {
  readonly type: 'create' | 'write' | 'remove' | 'rename' | 'chmod';
  /** Relative to the watched folder. */
  readonly name: string;
  readonly entry?: SandboxEntry | undefined;
}

/** A sandbox for those who look after all of them. */
export interface SandboxSummary extends Omit<SandboxRecord, 'accessToken' | 'trafficToken' | 'environment'> {
  readonly isolation: Isolation | null;
}
