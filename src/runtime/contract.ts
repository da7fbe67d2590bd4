import type { EgressAudit, InjectedHeader } from './egress/index.ts';

/**
 * How strong the boundary around guest code is, strongest first. It is found by running hostile programs at start,
 * never by a version or by the mere presence of an engine.
 */
export const isolationTiers = ['vm', 'gvisor', 'sandbox-cgroup', 'sandbox-rlimit', 'language', 'none'] as const;

/** One tier of isolation. */
export type IsolationTier = (typeof isolationTiers)[number];

/** Whether a limit holds: by the kernel, by a watcher that acts after the fact, or not at all. */
export type Enforcement = 'hard' | 'soft' | 'none';

/** The resources that every driver says something about. */
export const limitedResources = ['cpu', 'memory', 'processes', 'disk', 'network', 'output', 'wall'] as const;

/** A resource that can be limited. */
export type LimitedResource = (typeof limitedResources)[number];

/** What separates guest code from everything else, as probed: the same object in receipts and in `doctor`. */
export interface Isolation {
  readonly tier: IsolationTier;
  /** The engine that makes the boundary: `bubblewrap`, `workerd`. */
  readonly engine: string;
  readonly version: string;
  readonly probedAtMs: number;
  readonly enforced: Readonly<Record<LimitedResource, Enforcement>>;
  /** What is known not to hold, each a sentence fit to be shown. */
  readonly gaps: readonly string[];
}

/** One hostile program of the probe and how it ended. */
export interface ProbeStep {
  readonly name: string;
  readonly held: boolean;
  /** What was seen, for a person. */
  readonly saw: string;
}

/** What probing one driver found. */
export interface ProbeReport {
  readonly isolation: Isolation;
  readonly steps: readonly ProbeStep[];
  /** Why the driver cannot be used and what would make it usable; absent when it can. */
  readonly unusable?: { readonly reason: string; readonly remedy: string };
}

/** Bounds of one command or run. */
export interface Limits {
  /** CPU time of all processes together. */
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly memoryBytes: number;
  readonly processes: number;
  readonly openFiles: number;
  /** Everything below the home folder. */
  readonly diskBytes: number;
  readonly tmpBytes: number;
  /** stdout and stderr together. */
  readonly outputBytes: number;
  /** How long a guest that reached the output limit is held back before it is ended. */
  readonly outputGraceMs: number;
  /** Largest single file that is read or written through the file interface. */
  readonly fileBytes: number;
}

/** Names that guest code may reach, all through a proxy of ours. */
export interface AllowedNetwork {
  readonly mode: 'allowed';
  /** `example.com`, `*.example.com`, either with `:port`; never an address. */
  readonly allow: readonly string[];
  /** Headers that the proxy adds for a host; their values never enter the guest. */
  readonly headers?: readonly InjectedHeader[];
  /** Bytes of all connections together. */
  readonly maxBytes?: number;
}

/** Where guest code may connect to; nothing unless said. */
export type NetworkPolicy = { readonly mode: 'denied' } | AllowedNetwork;

/** A folder or file of the host that the guest sees. */
export interface SandboxMount {
  readonly hostPath: string;
  readonly guestPath: string;
  readonly writable: boolean;
}

/** What a new sandbox is made with. */
export interface SandboxSpec {
  readonly limits: Limits;
  /** Variables of every command, over the driver's own few. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly mounts?: readonly SandboxMount[];
  /**
   * A folder of the host that is the guest's home and outlives the sandbox; without one the home lives in memory. Like
   * every writable mount it belongs to the sandbox's own user from then on, with all that is in it.
   */
  readonly homeFolder?: string;
  readonly network?: NetworkPolicy;
  /** Told of each connection that the guest asked for. */
  readonly audit?: (entry: EgressAudit) => void;
}

/** One command for a sandbox. */
export interface Command {
  /** Program and arguments; the program is looked up in the guest's PATH. */
  readonly argv: readonly [string, ...string[]];
  readonly environment?: Readonly<Record<string, string>>;
  /** Absolute, or relative to the home folder. */
  readonly workingFolder?: string;
  /** Written to standard input, which is then closed; `open` keeps it open for `writeInput`. Absent is empty. */
  readonly stdin?: Uint8Array | 'open';
  /** Narrower bounds than the sandbox's own. */
  readonly limits?: Partial<Limits>;
}

/** A limit that ended or touched a command: what was allowed and what was observed, never guessed from an exit code. */
export interface LimitHit {
  readonly name: LimitedResource;
  readonly allowed: number;
  readonly observed: number;
}

/** How a command ended. */
export interface Exit {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly limitsHit: readonly LimitHit[];
  readonly startedAtMs: number;
  readonly wallMs: number;
  /** null where nothing could measure it. */
  readonly cpuMs: number | null;
  readonly peakMemoryBytes: number | null;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
}

/** A piece of a command's output. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
}

/** A command that runs. */
export interface Execution {
  /** The command's number inside the sandbox's supervisor; says nothing about processes of the host. */
  readonly id: string;
  /** Resolves when the program runs, with its number inside the sandbox; undefined when it ended before it was seen. */
  readonly started: Promise<number | undefined>;
  /** Output in order of arrival; a slow reader holds the guest back. Ends when the command did. */
  output(): AsyncIterable<OutputChunk>;
  /** Resolves once, after the last output. */
  readonly exited: Promise<Exit>;
  /** Resolves false when the command takes no more input. */
  writeInput(bytes: Uint8Array): Promise<boolean>;
  closeInput(): void;
  /** Ends the command's whole process group. */
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT'): void;
}

/** What stands at a path in a sandbox. */
export interface GuestEntry {
  readonly name: string;
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  readonly sizeBytes: number;
  /** Permission bits. */
  readonly mode: number;
  readonly modifiedAtMs: number;
  readonly linkTo?: string;
}

/** A file for many-at-once writes. */
export interface GuestFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode?: number;
}

/**
 * Files of a sandbox. Every path is resolved inside the sandbox, by its own view of the file system: a link planted
 * by the guest leads nowhere else. Only regular files are read and written.
 */
export interface GuestFiles {
  read(path: string, options?: { readonly maxBytes?: number }): Promise<Uint8Array>;
  /** Creates parent folders. */
  write(files: readonly GuestFile[]): Promise<void>;
  list(path: string, options?: { readonly depth?: number; readonly maxEntries?: number }): Promise<GuestEntry[]>;
  /** undefined when nothing is there. */
  stat(path: string): Promise<GuestEntry | undefined>;
  makeFolder(path: string): Promise<void>;
  move(from: string, to: string): Promise<void>;
  /** Recursive; absent is fine. */
  remove(path: string): Promise<void>;
}

/** What a sandbox uses at the moment; null where nothing can measure it. */
export interface SandboxStats {
  readonly cpuMs: number | null;
  readonly memoryBytes: number | null;
  readonly processes: number | null;
}

/** A place where guest code runs, with its own files, processes and (no) network. */
export interface Sandbox {
  readonly id: string;
  readonly isolation: Isolation;
  readonly home: string;
  exec(command: Command): Promise<Execution>;
  readonly files: GuestFiles;
  stats(): Promise<SandboxStats>;
  /** Ends whatever guests left running; files stay. False where some may still run: then only `destroy` is sure. */
  endProcesses(): Promise<boolean>;
  /** True until it was destroyed or died. */
  readonly alive: boolean;
  /** Resolves when the sandbox is gone, by whatever cause. */
  readonly gone: Promise<void>;
  /** Ends every process and removes everything that was made for it; a home folder of the host stays. */
  destroy(): Promise<void>;
}

/** An engine that makes sandboxes. */
export interface Driver {
  readonly engine: string;
  /** Runs the hostile programs; the report also becomes `report`. */
  probe(): Promise<ProbeReport>;
  /** The last probe's report. */
  readonly report: ProbeReport | undefined;
  /** Throws a Fault when the driver is not usable. */
  create(spec: SandboxSpec): Promise<Sandbox>;
  /** Removes what a supervisor that was killed left behind; answers how many sandboxes that were. */
  sweep(): Promise<number>;
  /** Destroys every sandbox. */
  close(): Promise<void>;
}

/** Languages that a run may be written in. */
export const runLanguages = ['python', 'javascript', 'typescript', 'shell'] as const;

/** One of them. */
export type RunLanguage = (typeof runLanguages)[number];

/** One execution of code, from its files to its receipt. */
export interface RunRequest {
  readonly language: RunLanguage;
  readonly files: readonly GuestFile[];
  /** File that is run by the language's own program; absent: the first file. */
  readonly entry?: string;
  /** Instead of an entry: program and arguments. */
  readonly command?: readonly [string, ...string[]];
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array;
  readonly limits?: Partial<Limits>;
  readonly network?: NetworkPolicy;
  /** The run is refused where isolation is weaker. */
  readonly minIsolation?: IsolationTier;
  /** The exchange that produced the code; its outcome is written when the run ends. */
  readonly requestId?: string;
  /** What runs are tests of the code: its end says whether they passed. */
  readonly tests?: boolean;
  readonly customer?: string;
}

/** Where a run's time went. */
export interface RunTimings {
  readonly queuedMs: number;
  readonly createMs: number;
  readonly filesMs: number;
  /** Translation of TypeScript; null when there was none. */
  readonly buildMs: number | null;
  readonly runMs: number;
  readonly totalMs: number;
}

/** How a run ended, in a word. */
export type RunStatus = 'succeeded' | 'failed' | 'limit' | 'build_failed' | 'cancelled' | 'broken';

/** What happened in a run and under which isolation; a fact of the journal. */
export interface Receipt {
  readonly runId: string;
  readonly status: RunStatus;
  readonly language: RunLanguage;
  readonly startedAtMs: number;
  readonly isolation: Isolation;
  readonly limits: Limits;
  readonly exit: { readonly code: number | null; readonly signal: string | null };
  readonly limitsHit: readonly LimitHit[];
  readonly timings: RunTimings;
  readonly bytes: { readonly files: number; readonly stdin: number; readonly stdout: number; readonly stderr: number };
  readonly cpuMs: number | null;
  readonly peakMemoryBytes: number | null;
  /** Absent where nothing could be reached. */
  readonly network?: ReceiptNetwork;
  readonly requestId?: string;
  readonly customer?: string;
  /** What ran were tests. */
  readonly tests?: true;
}

/** What a run was allowed to reach and what it asked for; values of headers are nowhere in it. */
export interface ReceiptNetwork {
  readonly allow: readonly string[];
  /** The first of them. */
  readonly connections: readonly Omit<EgressAudit, 'app' | 'version'>[];
  /** How many more there were. */
  readonly unlisted: number;
}

/** What a run tells while it goes on; one line of NDJSON each. */
export type RunEvent =
  | { readonly type: 'started'; readonly runId: string; readonly isolation: Isolation }
  | { readonly type: 'stdout' | 'stderr'; readonly bytes: Uint8Array }
  | { readonly type: 'receipt'; readonly receipt: Receipt };

/** Runs code; implemented by the runtime service. */
export interface Runner {
  /** Throws a Fault before the first event when the run is refused. */
  run(request: RunRequest, options?: { readonly signal?: AbortSignal }): Promise<RunningRun>;
}

/** A run that was accepted. */
export interface RunningRun {
  readonly runId: string;
  /** Ends with the receipt. */
  events(): AsyncIterable<RunEvent>;
}
