import { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';
import { configExamples } from '../lib/config-examples.ts';
import type { GeneratedFile } from '../lib/generated-file.ts';

/** The parts of a JSON Schema that our schema yields. */
interface SchemaNode {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: readonly unknown[];
  const?: unknown;
  pattern?: string;
  format?: string;
  required?: readonly string[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  properties?: { readonly [name: string]: SchemaNode };
  propertyNames?: SchemaNode;
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode;
  oneOf?: readonly SchemaNode[];
}

/** One row of the page. */
interface FieldRow {
  readonly path: string;
  readonly node: SchemaNode;
  readonly isRequired: boolean;
}

const safeInteger = Number.MAX_SAFE_INTEGER;

/** The schema of the file as people write it, with numbers allowed where their text is read. */
export function configJsonSchema(): SchemaNode {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // Figures are read from their text, so that people may write them as numbers.
      const isFigure = jsonSchema.type === 'string' && /^\^\(?\??:?\[0-9\]/.test(jsonSchema.pattern ?? '');
      if (isFigure) Object.assign(jsonSchema, { type: ['number', 'string'] });
    },
  });
  const { $schema, ...rest } = schema;
  return { $schema, title: 'switchyard.yaml', ...rest } as SchemaNode;
}

/** The page of all settings. Throws when one has no description, since nobody could use it. */
export function renderConfigReference(): string {
  const { properties = {} } = configJsonSchema();
  const sections = Object.entries(properties);
  if (sections.length === 0) throw new Error('the schema of the configuration has no sections');
  return [
    '<!-- Written by `npm run generate` from src/config/. Do not edit. -->',
    '',
    '# Configuration',
    '',
    'One file, `switchyard.yaml`; everything in it may be left out. `switchyard config check` validates it and says what',
    'it resolves to, with line numbers. Changes are taken over while running, and at SIGHUP; a file that is wrong is',
    'refused as a whole, and the last good one stays. Unknown settings are errors.',
    '',
    '- Secrets stand nowhere in it: `env:NAME` takes one from a variable, `file:PATH` from a file (relative to this one).',
    '- Prices are read as decimal text, never as floating point numbers.',
    '- Editors complete and check the file by [switchyard.schema.json](switchyard.schema.json): put',
    '  `# yaml-language-server: $schema=./docs/switchyard.schema.json` in its first line.',
    '',
    ...sections.map(([name]) => `- [${name}](#${name.toLowerCase()})`),
    '',
    ...sections.flatMap(([name, node]) => renderSection(name, node)),
  ].join('\n');
}

function renderSection(name: string, node: SchemaNode): string[] {
  const example = configExamples[name];
  if (example === undefined) throw new Error(`scripts/lib/config-examples.ts has no example for ${name}`);
  const rows = fieldsOf(name, node);
  const silent = [{ path: name, node, isRequired: false }, ...rows].find((row) => row.node.description === undefined);
  if (silent !== undefined) throw new Error(`the setting ${silent.path} has no description in src/config`);
  return [
    `## ${name}`,
    '',
    node.description ?? '',
    '',
    ...(rows.length === 0
      ? []
      : ['| setting | type | default | meaning |', '| --- | --- | --- | --- |', ...rows.map(renderRow), '']),
    '```yaml',
    example.trimEnd(),
    '```',
    '',
  ];
}

/** Every setting below one, with the path a person would write. */
function fieldsOf(path: string, node: SchemaNode): FieldRow[] {
  const own = Object.entries(node.properties ?? {}).flatMap(([name, inner]) => {
    const isRequired = node.required?.includes(name) === true && inner.const === undefined;
    const row = { path: `${path}.${name}`, node: inner, isRequired };
    return inner.const === undefined ? [row, ...fieldsOf(row.path, inner)] : [];
  });
  const kinds = (node.oneOf ?? []).flatMap((one) => fieldsOf(`${path}(${kindOf(one)})`, one));
  const values = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
  const named = values && isStructure(values) ? fieldsOf(`${path}.NAME`, values) : [];
  const listed = node.items && isStructure(node.items) ? fieldsOf(`${path}[]`, node.items) : [];
  return [...own, ...kinds, ...named, ...listed];
}

function isStructure(node: SchemaNode): boolean {
  return node.properties !== undefined;
}

/** The constant that tells the kinds of a union apart, as `type: aws`. */
function kindOf(node: SchemaNode): string {
  const [found] = Object.entries(node.properties ?? {}).filter(([, inner]) => inner.const !== undefined);
  return found === undefined ? 'one of' : `${found[0]}: ${String(found[1].const)}`;
}

function renderRow({ path, node, isRequired }: FieldRow): string {
  const cells = [`\`${path}\``, typeText(node), defaultText(node, isRequired), node.description ?? ''];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function typeText(node: SchemaNode): string {
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.oneOf !== undefined) return node.oneOf.map((one) => `\`${kindOf(one)}\``).join(' or ');
  if (node.items !== undefined) return `list${isStructure(node.items) ? '' : ` of ${typeText(node.items)}`}`;
  const values = node.additionalProperties;
  if (typeof values === 'object') {
    const names = node.propertyNames?.enum?.map((name) => `\`${String(name)}\``).join(', ');
    return `${isStructure(values) ? 'settings' : typeText(values)} by ${names ?? 'name'}`;
  }
  if (node.pattern?.startsWith('^(env:') === true) return 'reference';
  if (node.format === 'uri') return 'URL';
  if (Array.isArray(node.type)) return node.type.includes('number') ? 'decimal' : node.type.join(' or ');
  if (node.type === 'object') return 'settings';
  return `${node.type ?? 'any'}${rangeText(node)}`;
}

function rangeText({ minimum, exclusiveMinimum, maximum }: SchemaNode): string {
  const from = exclusiveMinimum === undefined ? minimum : exclusiveMinimum + 1;
  const isWide = maximum === undefined || maximum >= safeInteger;
  if (from === undefined || from <= -safeInteger) return '';
  return isWide ? ` from ${from}` : ` from ${from} to ${maximum}`;
}

function defaultText(node: SchemaNode, isRequired: boolean): string {
  if (isRequired) return '**needed**';
  if (node.default === undefined) return '';
  const isEmpty = typeof node.default === 'object' && node.default !== null && Object.keys(node.default).length === 0;
  return isEmpty ? '' : `\`${JSON.stringify(node.default).replace(/^"(.*)"$/, '$1')}\``;
}

/** The page of settings, and the schema for editors. */
export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'docs/config.md', render: renderConfigReference },
  { path: 'docs/switchyard.schema.json', render: () => JSON.stringify(configJsonSchema()) },
];
