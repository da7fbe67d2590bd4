import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { findNpmEntry, npmEnvironment } from '../../scripts/lib/npm-command.mjs';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';
import { runQuietly } from '../../scripts/lib/run-command.mjs';
import { type BenchProcess, startHelper, startServer } from './bench-process.ts';
import { pacedModel, type Workload } from './workloads.ts';

/** One way from the load generator to the upstream. */
export interface System {
  readonly name: SystemName;
  readonly process: BenchProcess;
  /** The whole HTTP request, head included, as this system wants it. */
  requestOf(workload: Pick<Workload, 'path' | 'requestBody'>): string;
}

export type SystemName = 'direct' | 'raw' | 'durable' | 'relaxed' | 'portkey' | 'plain' | 'budgets' | 'routing';

/** How our own gateway is started. */
export interface GatewayOptions {
  readonly durability: 'durable' | 'relaxed';
  readonly upstreamPort: number;
  /** Folder for configuration and journal, on a real disk. */
  readonly folder: string;
  /** More parameters for Node itself, for monitors and profiles. */
  readonly nodeParameters?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  /** Settings on top of those of the benchmark. */
  readonly settings?: object;
  /** Whose the key is; else nobody's. */
  readonly customer?: string;
}

const clientKey = 'sk-bench-0123456789abcdef0123456789abcdef';
const portkeyFolder = join(repositoryRoot, 'bench', 'portkey');

/** The upstream itself, as the floor under all others. */
export function directSystem(upstream: BenchProcess): System {
  return { name: 'direct', process: upstream, requestOf: (workload) => requestText(workload, {}) };
}

/** A pass-through of some forty lines: what this stack can do at most. */
export async function startRawPassThrough(upstreamPort: number): Promise<System> {
  const process = await startHelper('../raw-pass-through.ts', [`http://127.0.0.1:${upstreamPort}`]);
  return { name: 'raw', process, requestOf: (workload) => requestText(workload, {}) };
}

/** Our gateway from `dist`, with key, limits, prices, metrics and journal on. */
export async function startGateway(options: GatewayOptions): Promise<System> {
  const folder = join(options.folder, options.durability);
  const file = writeConfiguration({ ...options, folder });
  const process = await startServer({
    parameters: [...(options.nodeParameters ?? []), ...serveParameters(file, join(folder, 'data'))],
    folder,
    environment: { ...gatewayEnvironment(), ...options.environment },
    ready: /listening on http:\/\/127\.0\.0\.1:(\d+)/,
  });
  return { name: options.durability, process, requestOf: (workload) => requestText(workload, {}) };
}

/** Portkey's gateway, installed into a folder of its own at first use. */
export async function startPortkey(upstreamPort: number): Promise<System> {
  await installPortkey();
  const port = await freePort();
  const process = await startServer({
    parameters: ['node_modules/@portkey-ai/gateway/build/start-server.js', `--port=${port}`, '--headless'],
    folder: portkeyFolder,
    environment: { PATH: globalThis.process.env['PATH'], NODE_ENV: 'production' },
    ready: /Ready for connections|Your AI Gateway/i,
    port,
  });
  const requestOf: System['requestOf'] = (workload) =>
    requestText(workload, {
      'x-portkey-provider': workload.path === '/v1/messages' ? 'anthropic' : 'openai',
      'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
    });
  return { name: 'portkey', process, requestOf };
}

/** Writes the configuration of the run; JSON is YAML. */
export function writeConfiguration(options: GatewayOptions): string {
  mkdirSync(options.folder, { recursive: true });
  const file = join(options.folder, 'switchyard.yaml');
  writeFileSync(file, JSON.stringify(configuration(options), undefined, 2));
  return file;
}

function serveParameters(file: string, dataFolder: string): string[] {
  const bin = join(repositoryRoot, 'bin', 'switchyard.js');
  return [bin, 'serve', '--config', file, '--port', '0', '--data', dataFolder];
}

/** The variables that the bench configuration refers to. */
export function gatewayEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, BENCH_UPSTREAM_KEY: 'sk-upstream', BENCH_CLIENT_KEY: clientKey };
}

function configuration({ upstreamPort, durability, settings, customer }: GatewayOptions): object {
  const host = (protocol: string): object => ({
    protocol,
    baseUrl: `http://127.0.0.1:${upstreamPort}/v1`,
    apiKey: 'env:BENCH_UPSTREAM_KEY',
  });
  const model = (hostName: string, upstreamModel = 'upstream-model'): object => ({
    endpoints: [{ host: hostName, model: upstreamModel, price: { input: 0.15, output: 0.6, cacheRead: 0.075 } }],
  });
  const limits = { requestsPerMinute: 1_000_000_000, tokensPerMinute: 1_000_000_000_000, concurrent: 100_000 };
  return {
    hosts: {
      chat: host('openai-chat'),
      messages: host('anthropic-messages'),
      responses: host('openai-responses'),
    },
    models: {
      'bench-chat': model('chat'),
      'bench-messages': model('messages'),
      'bench-responses': model('responses'),
      [pacedModel]: model('chat', pacedModel),
    },
    keys: [{ name: 'bench', secret: 'env:BENCH_CLIENT_KEY', models: ['bench-*', 'job/*'], limits, customer }],
    journal: { durability },
    // The gateway alone: what a database and sandboxes beside it cost is another measurement.
    database: 'off',
    runtime: { enabled: false },
    log: { level: 'error' },
    ...settings,
  };
}

function requestText(
  { path, requestBody }: Pick<Workload, 'path' | 'requestBody'>,
  headers: { readonly [name: string]: string },
): string {
  const all = {
    host: '127.0.0.1',
    authorization: `Bearer ${clientKey}`,
    'content-type': 'application/json',
    ...(path === '/v1/messages' && { 'anthropic-version': '2023-06-01' }),
    ...headers,
    'content-length': String(Buffer.byteLength(requestBody)),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${requestBody}`;
}

async function installPortkey(): Promise<void> {
  if (existsSync(join(portkeyFolder, 'node_modules', '@portkey-ai', 'gateway', 'package.json'))) return;
  const exitCode = await runQuietly({
    entry: findNpmEntry(process.env),
    parameters: ['ci', '--ignore-scripts', '--no-audit', '--no-fund'],
    folder: portkeyFolder,
    environment: npmEnvironment(process.env),
  });
  if (exitCode !== 0) throw new Error(`npm ci in bench/portkey ended with ${exitCode}`);
}

/** A port nobody has right now: the peer cannot choose one by itself. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
