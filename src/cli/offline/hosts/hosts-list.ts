import { type Config, loadConfig, readSecret } from '../../../config/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { alignRows } from '../../shell/align-rows.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';

/** One line of the list. */
interface HostLine {
  readonly id: string;
  readonly state: 'ready' | 'key missing' | 'needs configuration' | 'local';
  readonly protocol: string;
  readonly baseUrl: string | undefined;
  /** Where the credentials come from; never the credentials. */
  readonly credentials: string;
  readonly configured: boolean;
}

/** Lists configured hosts first, then those the environment or a key would add. */
export async function runHostsList(
  options: { readonly config: string | undefined; readonly json: boolean },
  terminal: Terminal,
): Promise<number> {
  const { providerDefinitions } = await import('../../../providers/index.ts');
  const { environment } = terminal;
  const { config, secrets } = loadConfig(
    options.config ?? 'switchyard.yaml',
    environment,
    options.config !== undefined,
  );
  const known = new Map(providerDefinitions.map((definition) => [definition.id, definition]));
  const configured = Object.entries(config.hosts).map(([id, host]): HostLine => {
    const { isSet, text } = credentialsOf(host, known.get(id)?.keyEnv ?? [], (one) => readSecret(one, secrets));
    return {
      id,
      state: isSet ? 'ready' : 'key missing',
      protocol: host.protocol ?? known.get(id)?.protocol ?? '-',
      baseUrl: host.baseUrl ?? known.get(id)?.baseUrl,
      credentials: text,
      configured: true,
    };
  });
  const others = providerDefinitions.flatMap((definition): HostLine[] => {
    if (definition.generic === true || Object.hasOwn(config.hosts, definition.id)) return [];
    const set = definition.keyEnv.find((name) => (environment[name]?.trim() ?? '') !== '');
    const { id, protocol, baseUrl, local, keyEnv } = definition;
    const missing = local === true ? 'local' : 'key missing';
    const stateWithUrl = set === undefined ? missing : 'ready';
    const state = baseUrl === undefined ? 'needs configuration' : stateWithUrl;
    return [{ id, state, protocol, baseUrl, credentials: `env:${set ?? keyEnv[0] ?? '-'}`, configured: false }];
  });
  const rank = ({ state }: HostLine): number => ['ready', 'local', 'key missing', 'needs configuration'].indexOf(state);
  const lines = [...configured, ...others.toSorted((a, b) => rank(a) - rank(b))];
  if (options.json) writeJson(terminal, { hosts: lines });
  else for (const line of describe(lines)) writeLine(terminal, line);
  return exitCodes.ok;
}

function credentialsOf(
  host: Config['hosts'][string],
  keyEnv: readonly string[],
  read: (reference: string) => string | undefined,
): { readonly isSet: boolean; readonly text: string } {
  const references = [
    ...(host.apiKey === undefined ? [] : [host.apiKey]),
    ...Object.values(host.auth ?? {}).filter((value) => /^(env|file):/.test(value)),
  ];
  if (references.length > 0) {
    return { isSet: references.every((one) => read(one) !== undefined), text: references.join(' ') };
  }
  const fromEnvironment = keyEnv.find((name) => read(`env:${name}`) !== undefined);
  return { isSet: true, text: fromEnvironment === undefined ? 'none' : `env:${fromEnvironment}` };
}

function describe(lines: readonly HostLine[]): string[] {
  const [first, ...rest] = alignRows([
    ['host', 'state', 'protocol', 'credentials', 'address'],
    ...lines.map(({ id, state, protocol, credentials, baseUrl }) => [id, state, protocol, credentials, baseUrl ?? '-']),
  ]);
  return [first ?? '', ...rest, '', 'A host that is ready answers for its models as HOST/MODEL.'];
}
