import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../index.ts';
import { parseConfig } from '../../../config/index.ts';
import { createTestTerminal, type TestTerminal } from '../../../../test/cli/test-terminal.ts';
import type { ReportEntry } from './import-report.ts';

const fixtures = new URL('../../../../test/fixtures/', import.meta.url);
const formats = ['litellm', 'openrouter', 'portkey'];
const files = formats.flatMap((format) =>
  readdirSync(new URL(`import-${format}/`, fixtures))
    .filter((name) => /\.(yaml|json)$/.test(name))
    .map((name) => [format, name] as const),
);

interface Imported {
  readonly text: string;
  readonly config: NonNullable<ReturnType<typeof parseConfig>['config']>;
  readonly settings: readonly ReportEntry[];
  readonly output: string;
}

let folder: string;
let terminal: TestTerminal;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-import-'));
  terminal = createTestTerminal({});
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(format: string, file: string): Promise<Imported> {
  const out = join(folder, 'switchyard.yaml');
  expect([await main(['import', format, file, '--out', out, '--json'], terminal), terminal.stderr()]).toEqual([0, '']);
  const { settings } = JSON.parse(terminal.stdout()) as { settings: ReportEntry[] };
  const text = readFileSync(out, 'utf8');
  const { config, problems } = parseConfig(text);
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return { text, config, settings, output: terminal.stdout() };
}

const fixture = (format: string, name: string): string => new URL(`import-${format}/${name}`, fixtures).pathname;
const said = ({ settings }: Imported, path: string): ReportEntry | undefined =>
  settings.find((entry) => entry.path === path);

describe('an import', () => {
  it('is tried on at least a dozen LiteLLM configurations', () => {
    expect(files.filter(([format]) => format === 'litellm').length).toBeGreaterThanOrEqual(12);
  });

  it.each(files)('of %s %s writes a configuration that validates', async (format, name) => {
    const { settings } = await run(format, fixture(format, name));
    expect(settings.length).toBeGreaterThan(0);
    expect(settings.every(({ note }) => note.length > 5)).toBe(true);
    const owner = withEverySecret(folder);
    expect([await main(['config', 'check', join(folder, 'switchyard.yaml')], owner), owner.stderr()]).toEqual([0, '']);
  });

  it.each(files)('of %s %s writes and tells no secret of the input', async (format, name) => {
    const { text, output } = await run(format, fixture(format, name));
    expect(text).not.toContain('CANARY');
    expect(output).not.toContain('CANARY');
  });

  it('tells a person the same, and refuses to replace a file', async () => {
    const out = join(folder, 'switchyard.yaml');
    const call = ['import', 'litellm', fixture('litellm', '03-fallbacks.yaml'), '--out', out];
    expect(await main(call, terminal)).toBe(0);
    expect(terminal.stdout()).toContain('Unsupported (2)');
    expect(terminal.stdout()).toContain(`Next: switchyard config check ${out}`);
    expect(await main(call, terminal)).toBe(1);
    expect(terminal.stderr()).toContain('--force');
    expect(await main([...call, '--force'], terminal)).toBe(0);
  });

  it('says where the input is no YAML, and which formats there are', async () => {
    const file = new URL('import-litellm/README.md', fixtures).pathname;
    expect(await main(['import', 'litellm', file, '--out', join(folder, 'x.yaml')], terminal)).toBe(1);
    expect(terminal.stderr()).toMatch(/README\.md:\d+:\d+ /);
    expect(await main(['import', 'nginx', file], terminal)).toBe(2);
    expect(terminal.stderr()).toContain('litellm, openrouter, portkey');
  });
});

/** The environment in which an imported configuration would be checked by its owner, with every secret in place. */
function withEverySecret(place: string): TestTerminal {
  const path = join(place, 'switchyard.yaml');
  const account = JSON.stringify({ client_email: 'a@b.example', private_key: 'key' });
  writeFileSync(join(place, 'account.json'), account);
  const text = readFileSync(path, 'utf8').replace(/file:\S+/g, 'file:account.json');
  writeFileSync(path, text);
  const names = [...text.matchAll(/env:(\w+)/g)].map(([, name = '']) => name);
  return createTestTerminal(Object.fromEntries(names.map((name) => [name, /JSON/.test(name) ? account : 'value'])));
}

describe('an import of LiteLLM', () => {
  it('shares by requests per minute where no weight is stated', async () => {
    const imported = await run('litellm', fixture('litellm', '02-balanced-azure.yaml'));
    const model = imported.config.models['gpt-4o'];
    expect(model?.endpoints.map(({ host, model: name, weight }) => [host, name, weight])).toEqual([
      ['contoso-eu', 'gpt-4o-eu', 600],
      ['contoso-us', 'gpt-4o-us', 300],
      ['openai', 'gpt-4o', 100],
    ]);
    expect(imported.config.hosts['contoso-us']).toMatchObject({
      protocol: 'azure-openai',
      baseUrl: 'https://contoso-us.openai.azure.com',
      auth: { type: 'azure', apiVersion: '2024-10-21', apiKey: 'env:AZURE_US_KEY' },
      timeouts: { totalMs: 30_000 },
    });
    expect(imported.config.hosts['openai']?.headers).toEqual({ 'OpenAI-Organization': 'org-contoso' });
    expect(model?.policy.maxAttempts).toBe(3);
  });

  it('joins every kind of fallback in the order of the lists', async () => {
    const { config } = await run('litellm', fixture('litellm', '03-fallbacks.yaml'));
    expect(config.models['small']?.fallback).toEqual(['large', 'small-long']);
    expect(config.models['large']).toMatchObject({ fallback: ['small'], policy: { refusalFallback: true } });
    expect(config.models['small-long']?.endpoints[0]).toMatchObject({
      contextTokens: 1_000_000,
      maxOutputTokens: 8192,
    });
    expect(config.hosts['openai']?.timeouts).toMatchObject({ totalMs: 120_000, firstTokenMs: 5500 });
    expect(config.models['small']?.policy.maxAttempts).toBe(6);
  });

  it('takes regions from settings, from model names and from nowhere', async () => {
    const imported = await run('litellm', fixture('litellm', '04-bedrock.yaml'));
    expect(imported.config.models['claude']?.endpoints.map(({ host, model }) => `${host}/${model}`)).toEqual([
      'bedrock-eu-central-1/anthropic.claude-3-5-sonnet-20240620-v1:0',
      'bedrock-us-west-2/anthropic.claude-3-5-sonnet-20240620-v1:0',
    ]);
    expect(imported.config.hosts['bedrock-us-west-2']?.auth).toMatchObject({
      accessKeyId: 'env:CLAUDE_AWS_ACCESS_KEY_ID',
      sessionToken: 'env:AWS_SESSION_TOKEN',
    });
    expect(said(imported, 'model_list[2].litellm_params.aws_region_name')?.verdict).toBe('unsupported');
  });

  it('leaves wildcards to hosts, and tells the name to ask for', async () => {
    const imported = await run('litellm', fixture('litellm', '06-wildcards.yaml'));
    expect(Object.keys(imported.config.models)).toEqual([]);
    expect(Object.keys(imported.config.hosts)).toEqual(['openai', 'anthropic', 'together', 'openrouter']);
    expect(said(imported, 'model_list[0].model_name')?.verdict).toBe('kept');
    expect(said(imported, 'model_list[3].model_name')?.note).toContain('openai/ft:gpt-4o-mini:contoso:MODEL');
    expect(said(imported, 'model_list[4].model_name')?.verdict).toBe('changed');
    expect(imported.config.keys).toMatchObject([{ name: 'master', secret: 'env:LITELLM_MASTER_KEY' }]);
  });

  it('moves prices by their digits', async () => {
    const { config } = await run('litellm', fixture('litellm', '07-custom-prices.yaml'));
    expect(config.models['tuned']?.endpoints[0]?.price).toEqual({ input: '0.3', output: '1.2' });
    expect(config.models['house']?.endpoints[0]).toMatchObject({
      host: 'vllm',
      price: { input: '0.10000000000000000001', output: '0.3', cacheRead: '0.015', cacheWrite5m: '0.375' },
      maxOutputTokens: 4096,
      capabilities: { images: false },
    });
    expect(config.hosts['vllm']?.baseUrl).toBe('http://10.0.0.7:8000/v1');
    expect(config.models['transcribe']?.endpoints[0]?.price).toBeUndefined();
  });

  it('gives each literal secret a variable of its own', async () => {
    const imported = await run('litellm', fixture('litellm', '08-literal-secrets.yaml'));
    expect(Object.entries(imported.config.hosts).map(([name, { apiKey }]) => [name, apiKey])).toEqual([
      ['openai', 'env:OPENAI_API_KEY'],
      ['openai-2', 'env:OPENAI_API_KEY_2'],
      ['anthropic', 'env:ANTHROPIC_API_KEY'],
    ]);
    expect(imported.config.hosts['openai']?.headers).toEqual({ 'x-team': 'research' });
    expect(imported.config.hosts['anthropic']?.baseUrl).toBe('https://proxy.contoso.example/anthropic/v1');
    expect(imported.config.keys).toMatchObject([{ secret: 'env:LITELLM_MASTER_KEY', cache: 'all' }]);
    expect(imported.config.cache.ttlSeconds).toBe(600);
  });

  it('finds local servers and values of variables in the file itself', async () => {
    const { config } = await run('litellm', fixture('litellm', '09-local-servers.yaml'));
    expect(config.models['llama-chat']?.endpoints[0]?.host).toBe('ollama');
    expect(config.models['llama']?.endpoints[0]?.host).toBe('ollama');
    expect(config.models['opt']?.endpoints[0]).toMatchObject({ model: 'facebook/opt-125m' });
    expect(config.models['unprefixed']?.endpoints[0]).toMatchObject({
      host: 'inference',
      model: 'meta-llama/Llama-3.1-8B-Instruct',
    });
    expect(config.models['studio']?.endpoints[0]?.host).toBe('lm-studio');
  });

  it('uses shared credentials, weights and aliases', async () => {
    const imported = await run('litellm', fixture('litellm', '10-credentials-and-aliases.yaml'));
    expect(imported.config.models['gpt-4.1']?.endpoints.map(({ weight }) => weight)).toEqual([3, 1]);
    expect(imported.config.aliases).toEqual({ 'gpt-4': 'gpt-4.1', 'hidden-name': 'gpt-4.1' });
    expect(said(imported, 'router_settings.model_group_alias.broken')?.verdict).toBe('unsupported');
    expect(said(imported, 'credential_list[0].credential_values.api_base')?.note).toContain('AZURE_API_BASE');
    expect(said(imported, 'model_list[3].litellm_params.litellm_credential_name')?.verdict).toBe('unsupported');
  });

  it('leaves out what speaks a protocol of its own, and says so for all of it', async () => {
    const imported = await run('litellm', fixture('litellm', '11-many-providers.yaml'));
    expect(imported.config.models['watson']).toBeUndefined();
    expect(said(imported, 'model_list[12].model_name')?.note).toContain('watsonx');
    expect(said(imported, 'model_list[13].litellm_params.model')?.verdict).toBe('unsupported');
    expect(imported.config.models['fast']?.endpoints.map(({ weight }) => weight)).toEqual([1_000_000, 333_333]);
    expect(imported.config.models['guess']?.endpoints[0]?.host).toBe('anthropic');
    expect(imported.config.models['code']?.fallback).toEqual(['open']);
  });
});

describe('an import of OpenRouter', () => {
  it('keeps models and fallbacks, and leaves the choice of providers to the client', async () => {
    const imported = await run('openrouter', fixture('openrouter', 'request.json'));
    const first = imported.config.models['anthropic/claude-sonnet-4.5'];
    expect(first?.endpoints).toMatchObject([{ host: 'openrouter', model: 'anthropic/claude-sonnet-4.5' }]);
    expect(first?.fallback).toEqual(['openai/gpt-5-mini', 'meta-llama/llama-3.3-70b-instruct:nitro']);
    expect(said(imported, 'provider.zdr')?.note).toContain('passes through');
  });

  it('makes a preset an alias', async () => {
    const { config } = await run('openrouter', fixture('openrouter', 'preset.json'));
    expect(config.aliases).toEqual({ 'email-copywriter': 'openai/gpt-5' });
  });
});

describe('an import of Portkey', () => {
  it('turns targets that follow each other into fallbacks', async () => {
    const { config } = await run('portkey', fixture('portkey', 'fallback.json'));
    expect(config.models['gpt-4o']).toMatchObject({
      endpoints: [{ host: 'openai', model: 'gpt-4o' }],
      fallback: ['gpt-4o-fallback-1', 'gpt-4o-fallback-2'],
      policy: { maxAttempts: 6 },
    });
    expect(config.hosts['openai']?.apiKey).toBe('env:OPENAI_PROD_4F2A_API_KEY');
    expect(config.hosts['contoso']).toMatchObject({ baseUrl: 'https://contoso.openai.azure.com' });
    expect(config.hosts['bedrock-us-west-2']?.timeouts.totalMs).toBe(30_000);
  });

  it('flattens nested strategies', async () => {
    const imported = await run('portkey', fixture('portkey', 'nested.json'));
    const model = imported.config.models['claude-sonnet-4-5'];
    expect(model?.endpoints.map(({ host, weight }) => [host, weight])).toEqual([
      ['anthropic', 0.7],
      ['groq', 0.3],
    ]);
    expect(imported.config.models[model?.fallback[0] ?? '']?.endpoints[0]?.host).toBe('together');
    expect(said(imported, 'targets[1].targets[2].virtual_key')?.verdict).toBe('unsupported');
  });

  it('makes each named target of a condition a model', async () => {
    const { config } = await run('portkey', fixture('portkey', 'conditional.json'));
    expect(Object.keys(config.models)).toEqual(['paid', 'free', 'llama']);
    expect(config.hosts['openai-custom']?.baseUrl).toBe('http://gpu.contoso.example:8000/v1');
  });
});
