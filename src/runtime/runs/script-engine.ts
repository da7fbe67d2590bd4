import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import { buildBundle } from '../apps/build-bundle.ts';
import { checkSourceFiles } from '../apps/source-files.ts';
import type { Execution, GuestFile, Limits, NetworkPolicy, ProbeReport, SandboxSpec } from '../contract.ts';
import { defaultEgressBytes } from '../egress/index.ts';
import { defaultFunctionLimits, type Engines, FunctionProcess, probeFunctions } from '../functions/index.ts';
import { socketNames } from '../functions/worker-config.ts';
import { ScriptExecution, ScriptLines } from './script-execution.ts';
import { scriptModule } from './script-module.ts';

/** What scripts run on. */
export interface ScriptEngineSettings {
  readonly engines: Engines;
  /** For the folders of processes; short, since sockets lie in it. */
  readonly root: string;
  readonly clock: Clock;
  newId(): string;
}

/** A bundled script with what it is started with. */
export interface Script {
  readonly source: Buffer;
  readonly entry: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly stdin: Uint8Array;
  readonly limits: Limits;
  readonly network: NetworkPolicy;
  readonly audit: NonNullable<SandboxSpec['audit']>;
}

/**
 * Flags of the bundler. Template literals are lowered, so that no line of the output but an import begins as one does.
 */
const bundlerFlags = [
  '--bundle',
  '--format=esm',
  '--platform=node',
  '--main-fields=module,main',
  '--conditions=workerd,worker,node',
  '--target=es2022',
  '--supported:template-literal=false',
  '--external:node:*',
  '--charset=utf8',
  '--legal-comments=none',
  '--sourcemap=external',
  '--log-level=warning',
  '--log-limit=20',
  '--color=false',
];

/**
 * Runs scripts of JavaScript and TypeScript where there is no sandbox for native programs: each in a process of the
 * engine of functions, whose language is the boundary. There are no files and no other programs in it.
 */
export class ScriptEngine {
  readonly #settings: ScriptEngineSettings;
  readonly #running = new Set<FunctionProcess>();
  #report: Promise<ProbeReport> | undefined;

  constructor(settings: ScriptEngineSettings) {
    this.#settings = settings;
  }

  /** What separates scripts from everything else here, tried out once. */
  probe(): Promise<ProbeReport> {
    this.#report ??= probeFunctions(this.#settings);
    return this.#report;
  }

  /** Tries it out anew at the next question. */
  forget(): void {
    this.#report = undefined;
  }

  /** Bundles files into one script. Throws `invalid_request` with what the bundler said. */
  async build(files: readonly GuestFile[], entry: string): Promise<Buffer> {
    const { engines, root, clock, newId } = this.#settings;
    const sources = files.map(({ path, bytes }) => ({ path, bytes: Buffer.from(bytes) }));
    checkSourceFiles(sources);
    const folder = join(root, 'b');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const isSandboxed = await this.#isSandboxed();
    const { code } = await buildBundle(sources, entry, {
      engines,
      root: folder,
      clock,
      isSandboxed,
      newId,
      flags: bundlerFlags,
    });
    return Buffer.from(scriptModule(code.toString('utf8')));
  }

  /** Starts a built script in a process of its own. */
  async start(script: Script): Promise<Execution> {
    const { engines, root, clock, newId } = this.#settings;
    const { limits, network, environment, audit } = script;
    const id = newId();
    const lines = new ScriptLines();
    const allowed = network.mode === 'allowed' ? network : undefined;
    const process = await FunctionProcess.start({
      spec: {
        app: 'script',
        version: id,
        source: script.source,
        environment,
        secrets: [],
        limits: { ...defaultFunctionLimits, heapMb: Math.max(16, Math.ceil(limits.memoryBytes / 1024 / 1024)) },
        egress: allowed && {
          allow: allowed.allow,
          headers: allowed.headers ?? [],
          maxBytes: allowed.maxBytes ?? defaultEgressBytes,
          services: {},
        },
      },
      engines,
      isSandboxed: await this.#isSandboxed(),
      folder: join(root, id),
      clock,
      line: (line) => lines.take(line),
      audit,
    }).catch((error: unknown) => {
      throw new Fault('internal', { message: 'The script could not be started.', detail: String(error) });
    });
    this.#running.add(process);
    void process.gone.then(() => this.#running.delete(process));
    return new ScriptExecution({
      id,
      process,
      socketPath: join(process.socketFolder, socketNames.http),
      order: {
        entry: script.entry,
        arguments: script.arguments,
        stdin: Buffer.from(script.stdin).toString('base64'),
      },
      limits,
      clock,
      lines,
    });
  }

  /** Ends every script. */
  async close(): Promise<void> {
    const all = [...this.#running];
    for (const one of all) one.kill();
    await Promise.all(all.map(({ gone }) => gone));
  }

  async #isSandboxed(): Promise<boolean> {
    const { isolation } = await this.probe();
    return isolation.tier !== 'language' && isolation.tier !== 'none';
  }
}
