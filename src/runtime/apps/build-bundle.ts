import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import { type LaunchCommand, sandboxed } from '../functions/launch-command.ts';
import { type Engines, killGroup, startGroup } from '../functions/index.ts';
import type { SourceFile } from './source-files.ts';

/** What builds are made with. */
export interface BuildSettings {
  readonly engines: Engines;
  /** For the folders of builds, each removed when it ended. */
  readonly root: string;
  readonly clock: Clock;
  /** Whether the operating system's sandbox works here. */
  readonly isSandboxed: boolean;
  readonly timeoutMs?: number;
  /** Of the bundler, in place of those for apps. */
  readonly flags?: readonly string[];
  newId(): string;
}

/** A bundled module with what the bundler said. */
export interface Bundle {
  readonly code: Buffer;
  readonly sourceMap: Buffer;
  readonly log: string;
  readonly wallMs: number;
}

const defaultTimeoutMs = 30_000;
const maxBundleBytes = 10 * 1024 * 1024;
const maxLogBytes = 64 * 1024;

const settings = [
  '--bundle',
  '--format=esm',
  '--platform=neutral',
  '--main-fields=module,main',
  '--conditions=workerd,worker,browser',
  '--target=es2022',
  '--external:node:*',
  '--external:cloudflare:*',
  '--charset=utf8',
  '--legal-comments=none',
  '--sourcemap=external',
  '--define:process.env.NODE_ENV="production"',
  '--loader:.html=text',
  '--loader:.txt=text',
  '--log-level=warning',
  '--log-limit=20',
  '--color=false',
];

/**
 * Bundles a module with its dependencies, in a sandbox without network and with its own files only. The same files give
 * the same bytes. Throws `invalid_request` with what the bundler said.
 */
export async function buildBundle(files: readonly SourceFile[], entry: string, build: BuildSettings): Promise<Bundle> {
  const { engines, clock, root, newId } = build;
  if (engines.esbuild === undefined) {
    const message = 'Apps cannot be built here: the bundler is not installed; run npm ci --include=optional.';
    throw new Fault('unsupported_feature', { message });
  }
  const startedAtMs = clock.monotonicMs();
  const folder = join(root, newId());
  try {
    await writeSources(join(folder, 'src'), files);
    await mkdir(join(folder, 'out'), { mode: 0o700 });
    const log = await bundle(launchCommand(engines.esbuild, entry, { ...build, folder }), {
      folder: join(folder, 'src'),
      timeoutMs: build.timeoutMs ?? defaultTimeoutMs,
    });
    await checkInputs(join(folder, 'out', 'meta.json'));
    const code = await readOutput(join(folder, 'out', 'bundle.mjs'), maxBundleBytes);
    const sourceMap = await readOutput(join(folder, 'out', 'bundle.mjs.map'), 4 * maxBundleBytes);
    return { code, sourceMap, log, wallMs: clock.monotonicMs() - startedAtMs };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeSources(folder: string, files: readonly SourceFile[]): Promise<void> {
  const folders = new Set(files.map(({ path }) => dirname(join(folder, path))));
  for (const one of [folder, ...folders]) await mkdir(one, { recursive: true, mode: 0o700 });
  for (const { path, bytes } of files) await writeFile(join(folder, path), bytes, { mode: 0o600, flag: 'wx' });
}

function launchCommand(
  esbuild: string,
  entry: string,
  { engines, isSandboxed, folder, flags = settings }: BuildSettings & { readonly folder: string },
): LaunchCommand {
  const place = isSandboxed && engines.bwrap !== undefined ? '/app' : folder;
  const args = [`./${entry}`, ...flags, `--outfile=${place}/out/bundle.mjs`, `--metafile=${place}/out/meta.json`];
  // Its own collector keeps it well below what the machine needs for requests.
  const environment = { GOMEMLIMIT: '768MiB', GOMAXPROCS: '2' };
  if (place === folder || engines.bwrap === undefined) return { program: esbuild, args, environment };
  return sandboxed(engines.bwrap, { program: '/app/esbuild', args, folder: '/app/src', environment }, [
    { from: esbuild, to: '/app/esbuild' },
    { from: join(folder, 'src'), to: '/app/src' },
    { from: join(folder, 'out'), to: '/app/out', writable: true },
  ]);
}

function bundle(
  command: LaunchCommand,
  { folder, timeoutMs }: { readonly folder: string; readonly timeoutMs: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = startGroup(command, { folder, stdio: ['ignore', 'ignore', 'pipe'] });
    let isLate = false;
    let log = '';
    const deadline = setTimeout(() => {
      isLate = true;
      killGroup(child);
    }, timeoutMs);
    child.on('error', (error) => reject(error));
    child.stderr?.on('data', (chunk: Buffer) => {
      if (log.length < maxLogBytes) log += chunk.toString('utf8');
    });
    child.on('close', (code) => {
      clearTimeout(deadline);
      const text = log.slice(0, maxLogBytes).trim();
      if (code === 0) resolve(text);
      else reject(failed(isLate ? `The build did not end within ${timeoutMs} ms.` : `The build failed:\n${text}`));
    });
  });
}

/** Without the sandbox the bundler could be led to files of the host: what it read has to be what was sent. */
async function checkInputs(file: string): Promise<void> {
  const meta = JSON.parse(await readFile(file, 'utf8')) as { readonly inputs: { readonly [path: string]: unknown } };
  const foreign = Object.keys(meta.inputs).find(
    (path) => path.startsWith('..') || path.startsWith('/') || /^[a-z]:/i.test(path),
  );
  if (foreign !== undefined) throw failed(`The build reads ${foreign}, which was not sent.`);
}

async function readOutput(file: string, maxBytes: number): Promise<Buffer> {
  const { size } = await stat(file);
  if (size > maxBytes) {
    throw new Fault('too_large', { message: `The bundle has ${size} bytes; at most ${maxBytes} can be run.` });
  }
  return readFile(file);
}

function failed(message: string): Fault {
  return new Fault('invalid_request', { message, param: 'files' });
}
