import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { evidenceOf } from '../../src/providers/evidence-of.ts';
import type { ProviderDefinition } from '../../src/providers/provider-definition.ts';
import { quirkMeanings, type Quirks } from '../../src/providers/quirks.ts';
import type { GeneratedFile } from '../lib/generated-file.ts';
import { listFiles } from '../lib/list-files.mjs';
import { repositoryRoot } from '../lib/repository-root.mjs';

const hostsFolder = 'src/providers/hosts';

/** One host file and the name under which it exports its definition. */
interface HostFile {
  readonly file: string;
  readonly exportName: string;
}

/** The host files of a checkout, by name; none at all is an error, or an empty registry would pass for a product. */
export function listHostFiles(root: string): readonly HostFile[] {
  const names = listFiles(join(root, hostsFolder)).filter((name) => /^[a-z0-9-]+\.ts$/.test(name));
  if (names.length === 0) throw new Error(`no host found in ${hostsFolder}`);
  return names.toSorted().map((file) => ({ file, exportName: camelCase(file.slice(0, -'.ts'.length)) }));
}

/** The list of all providers, from the files of the folder: a new file is a new provider. */
export function renderRegistry(root: string): string {
  const hosts = listHostFiles(root);
  return [
    '// Written by `npm run generate` from the files in hosts/. Do not edit.',
    ...hosts.map(({ file, exportName }) => `import { ${exportName} } from './hosts/${file}';`),
    "import type { ProviderDefinition } from './provider-definition.ts';",
    '',
    '/** Every provider we know, by file name. */',
    'export const providerDefinitions: readonly ProviderDefinition[] = [',
    ...hosts.map(({ exportName }) => `  ${exportName},`),
    '];',
    '',
  ].join('\n');
}

/** The page of hosts: what we know of each, and how. */
export async function renderHostsPage(root: string): Promise<string> {
  const definitions = await loadDefinitions(root);
  const named = definitions.filter(({ generic = false }) => !generic);
  const counts = ['recorded', 'documented', 'assumed'].map(
    (kind) => `${named.filter((definition) => evidenceOf(definition).kind === kind).length} ${kind}`,
  );
  return [
    '<!-- Written by `npm run generate` from src/providers/hosts/. Do not edit. -->',
    '',
    '# Hosts',
    '',
    `${named.length} hosts: ${counts.join(', ')}, 0 live.`,
    '',
    "- **recorded**: our decoders are tested on recordings of the host's own traffic.",
    '- **documented**: address and quirks come from the linked page; tests generate their wire samples from the quirks.',
    "- **assumed**: no page of the vendor's states it. The address is that of public listings, the rest is the dialect as such.",
    '- **live**: an operator ran the checks against the host with a key of their own and reported them.',
    '',
    'With its key in the environment a host needs no configuration: its models are called `<host>/<model>`.',
    'Any other host works by a `baseUrl` and a `protocol` in `switchyard.yaml`.',
    '',
    '| host | protocol | base URL | key variable | evidence | quirks |',
    '| --- | --- | --- | --- | --- | --- |',
    ...named.map(hostRow),
    '',
    '## Quirks',
    '',
    ...Object.entries(quirkMeanings).map(([name, meaning]) => `- \`${name}\`: ${meaning}`),
    '',
    '## Sources',
    '',
    ...named.map((definition) => `- ${definition.name}: ${sourcesOf(definition).join(', ') || 'none'}`),
    '',
  ].join('\n');
}

async function loadDefinitions(root: string): Promise<readonly ProviderDefinition[]> {
  return Promise.all(
    listHostFiles(root).map(async ({ file, exportName }) => {
      const loaded = (await import(pathToFileURL(join(root, hostsFolder, file)).href)) as Record<string, unknown>;
      const definition = loaded[exportName];
      if (!isDefinition(definition)) throw new Error(`${hostsFolder}/${file} exports no provider ${exportName}`);
      return definition;
    }),
  );
}

function isDefinition(value: unknown): value is ProviderDefinition {
  return typeof value === 'object' && value !== null && 'id' in value && 'addressing' in value;
}

function hostRow(definition: ProviderDefinition): string {
  const { id, name, protocol, baseUrl, baseUrlExample, keyEnv, local } = definition;
  const evidence = evidenceOf(definition);
  const address = baseUrl ?? `${baseUrlExample ?? ''} (to be configured)`;
  const cells = [
    `**${id}** ${name}${local === true ? ' (local)' : ''}`,
    protocol,
    `\`${address}\``,
    keyEnv.map((variable) => `\`${variable}\``).join(' or '),
    evidence.kind === 'documented' ? `[documented](${evidence.url}) ${evidence.date}` : evidence.kind,
    quirkCells(definition.quirks),
  ];
  return `| ${cells.join(' | ')} |`;
}

function quirkCells(quirks: Quirks = {}): string {
  const cells = Object.entries(quirks).map(([name, value]) => `\`${name}\`: ${describe(value)}`);
  return cells.length === 0 ? 'none' : cells.join('; ');
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return value.map((field) => `\`${field}\``).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([from, to]) => `\`${from}\` as \`${String(to)}\``)
    .join(', ');
}

function sourcesOf({ documentation, quirkSources = {} }: ProviderDefinition): readonly string[] {
  const extra = Object.entries(quirkSources).map(([quirk, url]) => `${url} (\`${quirk}\`)`);
  return documentation === undefined ? extra : [`${documentation.url} (${documentation.date})`, ...extra];
}

function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}

/** Files generated from the folder of hosts. */
export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'src/providers/registry.gen.ts', render: () => renderRegistry(repositoryRoot) },
  { path: 'docs/hosts.md', render: () => renderHostsPage(repositoryRoot) },
];
