import { describe, expect, it } from 'vitest';
import { parseConfig, policySchema } from '../config/index.ts';
import { Fault } from '../domain/faults/fault.ts';
import { buildHosts, hostFromEnvironment } from './build-hosts.ts';
import { Catalog } from './catalog.ts';
import type { ResolvedModel } from './resolved.ts';
import { CatalogFacts } from './facts/catalog-facts.ts';

const providers = [
  { id: 'openai', protocol: 'openai-chat' as const, baseUrl: 'https://api.openai.com/v1', keyEnv: ['OPENAI_API_KEY'] },
];

const text = `
hosts:
  acme: { protocol: openai-chat, baseUrl: http://127.0.0.1:9101/v1/ }
models:
  small:
    endpoints: [{ host: acme, model: gpt-mock }]
    fallback: [large]
  large:
    endpoints: [{ host: acme, model: gpt-large }]
  openai/pinned:
    endpoints: [{ host: acme, model: gpt-pinned }]
aliases: { fast: small }
jobs:
  support-reply: { models: [small, large] }
`;

function catalogOf(configText: string, environment: Record<string, string> = {}): Catalog {
  const { config } = parseConfig(configText);
  if (!config) throw new Error('the test configuration is wrong');
  const secrets = { environment, directory: '.' };
  const loaded = { file: 'x.yaml', exists: true, isBlank: false, config, secrets, warnings: [] };
  const sim = hostFromEnvironment(
    { id: 'sim', protocol: 'openai-chat', baseUrl: '', keyEnv: [] },
    'http://127.0.0.1:1/v1',
    undefined,
  );
  const offered = [{ name: 'sim/small', host: sim, upstreamModel: 'small', description: '', simulated: true }];
  const hosts = buildHosts(loaded, providers);
  return new Catalog({ loaded, hosts, offered, defaultPolicy: policySchema.parse({}), providers });
}

function endpointsOf(catalog: Catalog, name: string): string[] {
  const model = catalog.resolve(name);
  if (Fault.is(model)) throw model;
  return model.endpoints.map(({ id }) => id);
}

describe('model names', () => {
  it('resolve to their own endpoints first, then to those of their fallbacks', () => {
    expect(endpointsOf(catalogOf(text), 'small')).toEqual(['acme/gpt-mock', 'acme/gpt-large']);
    expect(endpointsOf(catalogOf(text), 'fast')).toEqual(['acme/gpt-mock', 'acme/gpt-large']);
  });

  it('tell the endpoints that somebody configured from those that clients name', () => {
    const catalog = catalogOf(text, { OPENAI_API_KEY: 'k' });
    endpointsOf(catalog, 'openai/gpt-x');
    const ids = ['acme/gpt-mock', 'acme/gpt-large', 'sim/small', 'openai/gpt-x'];
    expect(ids.map((id) => catalog.isConfigured(id))).toEqual([true, true, true, false]);
  });

  it('prefer what is configured over a host of the same first segment', () => {
    const catalog = catalogOf(text, { OPENAI_API_KEY: 'k' });
    expect(endpointsOf(catalog, 'openai/pinned')).toEqual(['acme/gpt-pinned']);
    expect(endpointsOf(catalog, 'openai/gpt-x')).toEqual(['openai/gpt-x']);
    expect(endpointsOf(catalog, 'acme/any/model:8b')).toEqual(['acme/any/model:8b']);
    expect(endpointsOf(catalog, 'sim/small')).toEqual(['sim/small']);
  });

  it('[scenario 10] that are unknown name the nearest ones', () => {
    const unknown = catalogOf(text).resolve('smal');
    expect(Fault.is(unknown) && unknown.code).toBe('model_unknown');
    expect(Fault.is(unknown) && unknown.message).toMatch(/Nearest: small, /);
    expect(Fault.is(catalogOf(text).resolve('openai/gpt-x'))).toBe(true);
    expect(Fault.is(catalogOf(text).resolve('constructor'))).toBe(true);
  });

  it('of jobs lead to their candidate models', () => {
    expect(
      catalogOf(text)
        .job('support-reply')
        ?.candidates.map(({ name }) => name),
    ).toEqual(['small', 'large']);
    expect(catalogOf(text).job('constructor')).toBeUndefined();
  });
});

describe('a catalog', () => {
  it('refuses references to what does not exist, naming the place', () => {
    const wrong: [string, RegExp][] = [
      ['models: { a: { endpoints: [{ host: none, model: x }] } }', /models\.a\.endpoints\[0\]\.host: "none"/],
      [
        'models: { a: { endpoints: [{ host: openai, model: x }] } }',
        /models\.a\.endpoints\[0\]\.host: "openai" has no key: set OPENAI_API_KEY/,
      ],
      [`${text}\n  broken: { models: [nothing] }`, /jobs\.broken\.models: "nothing"/],
      [
        text.replace('fallback: [large]', 'fallback: [larg]'),
        /models\.small\.fallback: "larg" is not known; nearest: large/,
      ],
      [text.replace('fast: small', 'fast: smalll'), /aliases\.fast: "smalll"/],
      ['hosts: { acme: { baseUrl: http://127.0.0.1/v1 } }', /hosts\.acme\.protocol is needed/],
      ['hosts: { acme: { protocol: openai-chat } }', /hosts\.acme\.baseUrl is needed/],
    ];
    for (const [configText, message] of wrong) expect(() => catalogOf(configText)).toThrow(message);
  });

  it("takes hosts from the environment, and a changed protocol for somebody else's server", () => {
    const catalog = catalogOf('hosts: { openai: { protocol: anthropic-messages, baseUrl: http://127.0.0.1/v1 } }', {
      OPENAI_API_KEY: 'k',
    });
    expect(catalog.host('openai')).toMatchObject({
      providerId: 'generic-anthropic-messages',
      auth: { type: 'api-key' },
    });
    expect(catalogOf('', { OPENAI_API_KEY: 'k' }).host('openai')).toMatchObject({ providerId: 'openai' });
    expect(catalogOf(text).host('acme')?.baseUrl).toBe('http://127.0.0.1:9101/v1');
  });

  it('lists configured models, jobs, aliases and simulated ones', () => {
    const ids = catalogOf(text)
      .list()
      .map(({ id }) => id);
    expect(ids).toEqual(['small', 'large', 'openai/pinned', 'job/support-reply', 'fast', 'sim/small']);
  });
});

describe('models that are known without configuration', () => {
  const row = (fields: object): string => JSON.stringify({ sources: 'l', pricedBy: 'l', ...fields });
  const facts = new CatalogFacts(
    {
      openai: row({
        model: 'gpt-x',
        base: 'openai/gpt-x',
        context: 1000,
        output: 100,
        can: 'tools',
        cannot: 'images',
        prices: [{ usd: { input: '2', output: '8' } }],
      }),
      acme: row({ model: 'openai/gpt-x', base: 'openai/gpt-x', prices: [{ usd: { input: '3', output: '9' } }] }),
    },
    { l: { source: 'litellm', date: '2026-08-01' } },
  );
  const known = { facts, atMs: Date.parse('2026-10-01') };
  const acme = {
    id: 'acme',
    protocol: 'openai-chat' as const,
    baseUrl: 'https://acme.example/v1',
    keyEnv: ['ACME_KEY'],
  };

  function resolve(configText: string, name: string, environment: Record<string, string>): ResolvedModel {
    const { config } = parseConfig(configText);
    if (!config) throw new Error('the test configuration is wrong');
    const loaded = {
      file: 'x.yaml',
      exists: true,
      isBlank: false,
      config,
      warnings: [],
      secrets: { environment, directory: '.' },
    };
    const hosts = buildHosts(loaded, [acme, ...providers]);
    const model = new Catalog({ loaded, hosts, offered: [], defaultPolicy: policySchema.parse({}), known }).resolve(
      name,
    );
    if (Fault.is(model)) throw model;
    return model;
  }

  it('have price, limits and what they can do when their host is ready by its key alone', () => {
    const [endpoint] = resolve('{}', 'openai/gpt-x', { OPENAI_API_KEY: 'k' }).endpoints;
    expect(endpoint).toMatchObject({
      price: { picosPerUnit: { input: 2_000_000n, output: 8_000_000n } },
      limits: { contextTokens: 1000, maxOutputTokens: 100 },
    });
    // Facts never forbid what the caller names by host.
    expect(endpoint?.capabilities).toEqual({ tools: true });
    expect(resolve('{}', 'openai/gpt-unknown', { OPENAI_API_KEY: 'k' }).endpoints[0]?.price).toBeUndefined();
  });

  it('resolve by the catalog id to every ready host, the maker first and the others behind it', () => {
    const environment = { OPENAI_API_KEY: 'k', ACME_KEY: 'k' };
    for (const name of ['gpt-x', 'openai/gpt-x'] as const) {
      const { endpoints } = resolve('{}', name, name === 'gpt-x' ? environment : { ACME_KEY: 'k' });
      const ids = endpoints.map(({ id }) => id);
      expect(ids).toEqual(name === 'gpt-x' ? ['openai/gpt-x', 'acme/openai/gpt-x'] : ['acme/openai/gpt-x']);
    }
    const { endpoints } = resolve('{}', 'gpt-x', environment);
    expect(new Set(endpoints.map(({ modelName }) => modelName)).size).toBe(2);
    expect(endpoints[0]?.capabilities).toEqual({ tools: true, images: false });
    expect(resolve('aliases: { fast: gpt-x }', 'fast', environment).name).toBe('gpt-x');
  });

  it('leave explicit prices and other servers of the same name alone', () => {
    const models = (baseUrl: string, price: string): string =>
      `hosts: { openai: { baseUrl: "${baseUrl}" } }\nmodels: { own: { endpoints: [{ host: openai, model: gpt-x${price} }] } }`;
    const price = (configText: string): unknown => resolve(configText, 'own', {}).endpoints[0]?.price?.picosPerUnit;
    expect(price(models('https://api.openai.com/v1', ', price: { input: "7" }'))).toEqual({ input: 7_000_000n });
    expect(price(models('https://api.openai.com/v1', ''))).toEqual({ input: 2_000_000n, output: 8_000_000n });
    expect(price(models('http://127.0.0.1:9/v1', ''))).toBeUndefined();
  });

  it('are found in constant time: the second request gets the very same object', () => {
    const { config } = parseConfig('{}');
    if (!config) throw new Error('the test configuration is wrong');
    const environment = { OPENAI_API_KEY: 'k' };
    const loaded = {
      file: 'x.yaml',
      exists: true,
      isBlank: false,
      config,
      warnings: [],
      secrets: { environment, directory: '.' },
    };
    const hosts = buildHosts(loaded, providers);
    const catalog = new Catalog({ loaded, hosts, offered: [], defaultPolicy: policySchema.parse({}), known });
    expect(catalog.resolve('gpt-x')).toBe(catalog.resolve('gpt-x'));
    expect(catalog.resolve('openai/gpt-x')).toBe(catalog.resolve('openai/gpt-x'));
  });
});
