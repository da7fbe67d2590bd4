import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../config/index.ts';
import { providerDefinitions } from '../../../providers/index.ts';
import { formatSettingPath } from './import-report.ts';
import { type ImportResult, runImporter } from './importer.ts';
import { findImporter } from './importers.ts';
import { readSource } from './read-source.ts';

const formats = ['litellm', 'openrouter', 'portkey'] as const;
const secret = 'CANARY-4f1c2b';

/** Paths of all leaves of plain data, found without any code of the importers. */
function leafPaths(value: unknown, path: readonly (string | number)[] = []): string[] {
  const inner =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, item]) =>
          leafPaths(item, [...path, Array.isArray(value) ? Number(key) : key]),
        )
      : [];
  return inner.length === 0 ? [formatSettingPath(path)] : inner;
}

function importOf(format: string, data: unknown): ImportResult {
  return runImporter(findImporter(format), {
    // JSON is YAML in which every name is quoted: a plain `<<` would be a merge, not a setting.
    source: readSource(JSON.stringify(data), 'input.yaml'),
    file: 'input.yaml',
    environment: { REGION: 'eu-west-1', ADDRESS: 'http://127.0.0.1:9/v1' },
    knownHosts: providerDefinitions.filter(({ generic }) => generic !== true),
  });
}

function holds(format: string, data: object): void {
  const { entries, config } = importOf(format, data);
  expect(entries.map(({ path }) => path)).toEqual(leafPaths(data));
  expect(parseConfig(config).problems).toEqual([]);
  expect(config + JSON.stringify(entries)).not.toContain(secret);
}

const anything = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
  fc.constant({}),
  fc.constant([]),
);
const address = fc.constantFrom(
  'http://localhost:11434',
  'https://a.openai.azure.com/',
  'https://[::1]:8000/v1/chat/completions',
  `https://u:${secret}@h.example/?key=${secret}`,
  'os.environ/ADDRESS',
  'os.environ/MISSING',
  'not an address',
  'ftp://x',
);
const key = fc.constantFrom('os.environ/KEY', 'os.environ/BAD-NAME', `sk-${secret}`, '', 'none');
const name = fc.constantFrom('a', 'b', 'gpt-4.1', 'x/y', '*', 'openai/*', 'ft-*', '');
const model = fc
  .tuple(
    fc.constantFrom(
      '',
      'openai/',
      'azure/',
      'bedrock/eu-west-3/',
      'vertex_ai/',
      'ollama/',
      'watsonx/',
      'gemini/',
      'groq/',
    ),
    fc.constantFrom('gpt-4o', 'claude-3', 'a/b', '*', 'mine'),
  )
  .map((parts) => parts.join(''));
const mostly = <Value>(value: fc.Arbitrary<Value>) => fc.oneof({ arbitrary: value, weight: 6 }, anything);

const litellmParams = fc.record(
  {
    model: mostly(model),
    api_key: mostly(key),
    api_base: mostly(address),
    api_version: anything,
    aws_region_name: fc.constantFrom('us-east-1', 'os.environ/REGION', 'os.environ/MISSING'),
    aws_secret_access_key: mostly(key),
    vertex_credentials: mostly(fc.constantFrom('/a.json', `{"private_key":"${secret}"}`, 'os.environ/KEY')),
    extra_headers: mostly(fc.constant({ authorization: `Bearer ${secret}`, 'x-a': 'b' })),
    litellm_credential_name: fc.constantFrom('shared', 'nobody'),
    custom_llm_provider: fc.constantFrom('openai', 'azure', 'nowhere'),
    input_cost_per_token: mostly(fc.constantFrom(1e-7, '1e-6', -1)),
    weight: mostly(fc.integer({ min: 0, max: 10_000_000 })),
    rpm: mostly(fc.integer({ min: 0, max: 10_000_000 })),
    timeout: anything,
    num_retries: anything,
    whatever: anything,
  },
  { requiredKeys: ['model'] },
);
const fallbacks = mostly(
  fc.array(fc.dictionary(name, mostly(fc.array(mostly(name), { maxLength: 3 })), { maxKeys: 2 })),
);
const litellm = fc.record(
  {
    model_list: mostly(
      fc.array(
        mostly(fc.record({ model_name: mostly(name), litellm_params: mostly(litellmParams), model_info: anything })),
        { maxLength: 6 },
      ),
    ),
    credential_list: fc.constant([
      { credential_name: 'shared', credential_values: { api_key: `sk-${secret}`, api_base: 'os.environ/ADDRESS' } },
    ]),
    router_settings: mostly(
      fc.record(
        {
          fallbacks,
          context_window_fallbacks: fallbacks,
          default_fallbacks: mostly(fc.array(name, { maxLength: 2 })),
          num_retries: anything,
          timeout: anything,
          model_group_alias: mostly(fc.dictionary(name, mostly(fc.record({ model: name, hidden: fc.boolean() })))),
        },
        { requiredKeys: [] },
      ),
    ),
    litellm_settings: mostly(
      fc.record(
        { fallbacks, cache: anything, cache_params: anything, success_callback: anything },
        { requiredKeys: [] },
      ),
    ),
    general_settings: mostly(
      fc.record({ master_key: mostly(key), global_max_parallel_requests: anything }, { requiredKeys: [] }),
    ),
    environment_variables: fc.constant({ TOKEN: secret }),
    unknown: anything,
  },
  { requiredKeys: [] },
);

const target = fc.record(
  {
    provider: mostly(fc.constantFrom('openai', '@openai-prod', 'bedrock', 'vertex-ai', 'azure-openai', 'mystery')),
    virtual_key: fc.constantFrom('groq-1', 'mystery-2'),
    api_key: mostly(fc.constantFrom(`sk-${secret}`, '${KEY}')),
    custom_host: mostly(address),
    override_params: mostly(fc.record({ model: mostly(fc.constantFrom('m', '@groq-a/m')), top_p: anything })),
    weight: anything,
    request_timeout: anything,
    name,
  },
  { requiredKeys: [] },
);
const { node: portkey } = fc.letrec<{ node: object }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'targets' },
    target,
    fc.record(
      {
        strategy: mostly(
          fc.record({
            mode: fc.constantFrom('loadbalance', 'fallback', 'single', 'conditional', 'odd'),
            default: name,
          }),
        ),
        targets: mostly(fc.array(mostly(tie('node')), { maxLength: 3, depthIdentifier: 'targets' })),
        retry: anything,
        cache: anything,
        weight: anything,
      },
      { requiredKeys: ['targets'] },
    ),
  ),
}));

const priceTooSmall = {
  model_list: [{ model_name: 'a', litellm_params: { model: 'gpt-4o', input_cost_per_token: 3.8e-53 } }],
};

describe('the report of an import', () => {
  it.each(formats)('of %s lists every setting of any input once, and the file validates', (format) => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (data) => holds(format, data)),
      { numRuns: 50, examples: [[{ '': { '<<': [] } }], [{ '<<': { a: 1 } }]] },
    );
  });

  it('of LiteLLM does so for inputs that are almost right, and no secret comes through', () => {
    fc.assert(
      fc.property(litellm, (data) => holds('litellm', data)),
      { numRuns: 120, examples: [[priceTooSmall]] },
    );
  });

  it('of Portkey does so for nested strategies that are almost right, and no secret comes through', () => {
    fc.assert(
      fc.property(portkey, (data) => holds('portkey', data)),
      { numRuns: 120 },
    );
  });

  it('keeps secrets apart from variables that are in use', () => {
    const entry = (modelName: string, params: object): object => ({ model_name: modelName, litellm_params: params });
    const { config } = importOf('litellm', {
      model_list: [
        entry('a', { model: 'openai/x', api_key: 'sk-one' }),
        entry('b', { model: 'openai/x', api_key: 'os.environ/OPENAI_API_KEY' }),
        entry('c', { model: 'groq/x', api_key: 'gsk-two' }),
        entry('d', { model: 'groq/x' }),
      ],
    });
    expect(config.match(/env:\w+/g)).toEqual([
      'env:OPENAI_API_KEY_2',
      'env:OPENAI_API_KEY',
      'env:GROQ_API_KEY_2',
      'env:GROQ_API_KEY',
    ]);
  });
});
