import { loadConfig, type LoadedConfig } from '../../../config/index.ts';
import type { Endpoint, Host } from '../../../domain/calls/endpoint.ts';
import { systemClock } from '../../../platform/clock.ts';
import type { Provider } from '../../../providers/index.ts';
import { alignRows } from '../../shell/align-rows.ts';
import { CliError, exitCodes, usageError } from '../../shell/cli-error.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { type HostCaller, openHostCaller } from './hosts-verify-caller.ts';
import { type CheckOptions, type Finding, hostChecks } from './hosts-verify-checks.ts';

/** What the operator asked for. */
export interface VerifyOptions extends CheckOptions {
  readonly host: string;
  readonly model: string | undefined;
  readonly config: string | undefined;
  readonly json: boolean;
}

interface NamedFinding extends Finding {
  readonly check: string;
  readonly tookMs: number;
}

const timeoutMs = 60_000;

/** Asks a host about a dozen cheap questions through our own provider code. Nothing is recorded anywhere. */
export async function runHostsVerify(options: VerifyOptions, terminal: Terminal): Promise<number> {
  const caller = await openCaller(options, terminal);
  const findings: NamedFinding[] = [];
  for (const { name, run } of hostChecks) {
    const startedMs = systemClock.monotonicMs();
    const finding = await run(caller, options);
    findings.push({ check: name, ...finding, tookMs: Math.round(systemClock.monotonicMs() - startedMs) });
    // Without plain text everything else would fail as well, and cost as much.
    if (name === 'text' && finding.outcome === 'fail') break;
  }
  report(caller.endpoint, findings, { json: options.json, terminal });
  return findings.some(({ outcome }) => outcome === 'fail') ? exitCodes.failure : exitCodes.ok;
}

async function openCaller(options: VerifyOptions, { environment }: Terminal): Promise<HostCaller> {
  const { createProviderRegistry } = await import('../../../providers/index.ts');
  const { CompletionCollector, openAIChatInbound } = await import('../../../protocols/index.ts');
  const loaded = loadConfig(options.config ?? 'switchyard.yaml', environment, options.config !== undefined);
  const registry = createProviderRegistry({ clock: systemClock });
  const host = await findHost(options.host, loaded, registry.listProviders());
  const provider = registry.getProvider(host.providerId);
  if (!provider) throw new CliError(`the host ${host.id} has no provider`);
  const upstreamModel = options.model ?? (await findModel(host, loaded));
  const endpoint: Endpoint = {
    id: `${host.id}/${upstreamModel}`,
    modelName: upstreamModel,
    host,
    upstreamModel,
    weight: 1,
    price: undefined,
    limits: {},
    capabilities: {},
  };
  return openHostCaller(endpoint, {
    provider,
    inbound: openAIChatInbound,
    clock: systemClock,
    timeoutMs,
    newCollector: () => new CompletionCollector(),
  });
}

async function findHost(id: string, loaded: LoadedConfig, providers: readonly Provider[]): Promise<Host> {
  const { buildAllHosts, hostFromEnvironment } = await import('../../../catalog/index.ts');
  const hosts = buildAllHosts(loaded, providers, []);
  const host = hosts.get(id);
  if (host) return host;
  const provider = providers.find((one) => one.id === id);
  if (provider?.local && provider.baseUrl !== undefined) {
    return hostFromEnvironment(provider, provider.baseUrl, undefined);
  }
  if (provider) throw new CliError(`the host ${id} needs a key: set ${provider.keyEnv[0] ?? 'its key'}`);
  const known = [...hosts.keys()].join(', ');
  throw new CliError(`the host ${id} is not configured; configured: ${known === '' ? 'none' : known}`);
}

/** The first model that the configuration names for the host, else the first it lists itself. */
async function findModel(host: Host, { config }: LoadedConfig): Promise<string> {
  const endpoints = Object.values(config.models).flatMap((model) => model.endpoints);
  const configured = endpoints.find((endpoint) => endpoint.host === host.id)?.model;
  if (configured !== undefined) return configured;
  const { discoverModels } = await import('../../../catalog/index.ts');
  const [listed] = (await discoverModels(host)) ?? [];
  if (listed !== undefined) return listed;
  throw usageError(`which model of ${host.id}? Name one with --model`);
}

function report(
  endpoint: Endpoint,
  findings: readonly NamedFinding[],
  { json, terminal }: { json: boolean; terminal: Terminal },
): void {
  const { host, upstreamModel } = endpoint;
  if (json) {
    return writeJson(terminal, { host: host.id, baseUrl: host.baseUrl, model: upstreamModel, findings });
  }
  writeLine(terminal, `${host.id} at ${host.baseUrl}, model ${upstreamModel}`);
  const rows = findings.map(({ check, outcome, tookMs, detail }) => [outcome, check, `${tookMs} ms`, detail]);
  for (const line of alignRows(rows)) writeLine(terminal, line);
  const advice = [...new Set(findings.flatMap((finding) => finding.advice ?? []))];
  if (advice.length > 0) writeLine(terminal, '\nFor the endpoints of this model in switchyard.yaml:');
  for (const line of advice) writeLine(terminal, `  ${line}`);
  const count = (outcome: Finding['outcome']): number => findings.filter((one) => one.outcome === outcome).length;
  writeLine(
    terminal,
    `\n${count('pass')} passed, ${count('warn')} to note, ${count('fail')} failed, ${count('skip')} skipped`,
  );
}
