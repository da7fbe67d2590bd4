import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatProblem } from './config-problem.ts';
import { ConfigError, loadConfig } from './load-config.ts';
import { parseConfig } from './parse-config.ts';
import { readSecret } from './secret-reference.ts';
import { diffConfig, watchConfig } from './watch-config.ts';

const good = `
hosts:
  acme: { protocol: openai-chat, baseUrl: http://127.0.0.1:9101/v1, apiKey: env:ACME_KEY }
models:
  small:
    endpoints:
      - { host: acme, model: gpt-mock, price: { input: 0.10, output: 1e-3 } }
keys:
  - { name: dev, secret: env:DEV_KEY }
`;

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'switchyard-config-'));
  file = join(directory, 'switchyard.yaml');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('parsing', () => {
  it('reads prices from their source text, not through a float', () => {
    const price = parseConfig(good).config?.models['small']?.endpoints[0]?.price;
    expect(price).toEqual({ input: '0.10', output: '1e-3' });
  });

  it('names line, column and path of every problem; unknown keys are problems', () => {
    const text = `hosts:\n  acme:\n    protocol: openai-chat\n    bogus: 1\nkeys:\n  - { name: dev, secret: plain }\n`;
    const { problems } = parseConfig(text);
    expect(problems.map((problem) => formatProblem('x.yaml', problem))).toEqual([
      'x.yaml:4:12 hosts.acme.bogus: unknown setting; check the spelling or remove it',
      'x.yaml:6:26 keys[0].secret: must be a reference: env:NAME or file:PATH',
    ]);
  });

  it('tells where YAML itself is broken', () => {
    expect(parseConfig('hosts:\n  a: [1, 2\nmodels: {}').problems[0]?.line).toBeGreaterThan(1);
    expect(parseConfig('just text').problems).toHaveLength(1);
  });

  it.each([
    ['hosts:\n  Acme: { protocol: openai-chat }\n', 'x.yaml:2:9 hosts.Acme: must be a name of lower-case letters'],
    ['hosts:\n  a: { baseUrl: "ftp://127.0.0.1/v1" }\n', 'x.yaml:2:17 hosts.a.baseUrl: must begin with http'],
    ['hosts:\n  a: { baseUrl: "http://u:p@127.0.0.1/v1" }\n', 'hosts.a.baseUrl: must begin with http'],
    [
      `a: &a [${'x,'.repeat(99)}]\nb: &b [${'*a,'.repeat(99)}]\nc: [${'*b,'.repeat(99)}]\n`,
      'x.yaml:1:1 Excessive alias',
    ],
    ['hosts:\n  __proto__: { protocol: openai-chat }\n', 'x.yaml:2:3 __proto__: cannot be a name'],
    ['hots:\n', 'x.yaml:1:6 hots: unknown setting'],
    ['models:\n  a:\n    endpoints:\n', 'x.yaml:3:15 models.a.endpoints: is blank: give it a value, or remove it'],
    [
      'models:\n  a: { endpoints: [{ host: a, model: b, price: { input: 0.0000004 } }] }\n',
      'models.a.endpoints[0].price.input: is less than the smallest price that can be counted',
    ],
    [
      'models:\n  a: { endpoints: [{ host: a, model: b, price: { output: 1e99 } }] }\n',
      'price.output: must be a price',
    ],
  ])('says what is wrong with %j', (text, message) => {
    const { problems } = parseConfig(text);
    expect(problems.map((problem) => formatProblem('x.yaml', problem))).toEqual([expect.stringContaining(message)]);
  });

  it('takes an empty file for the defaults', () => {
    expect(parseConfig('').config?.server.port).toBe(8787);
  });

  it('takes sections that were left blank for empty ones', () => {
    const { config } = parseConfig('hosts:\nmodels: ~\nkeys: null\njobs:\nserver:\nsandboxes:\n');
    expect(config).toEqual(parseConfig('').config);
  });

  it('counts the smallest price, and one that is 0', () => {
    const text = 'models:\n  a: { endpoints: [{ host: a, model: b, price: { input: 0.000001, output: 0.0 } }] }\n';
    expect(parseConfig(text).problems).toEqual([]);
  });
});

describe('loading', () => {
  it('warns of an outcome in a success rule that nothing here tells', () => {
    const job = (rule: string): string => `  ${rule.slice(0, 4)}: { models: ['*'], success: '${rule}.pass' }\n`;
    writeFileSync(file, `jobs:\n${job('test')}${job('tset')}`);
    expect(loadConfig(file, {}, true).warnings).toMatchObject([
      { line: 3, path: 'jobs.tset.success', message: expect.stringContaining('"tset"') },
    ]);
  });

  it('fails for a key without its secret, and only warns for a host without', () => {
    writeFileSync(file, good);
    const problemsOf = (environment: Record<string, string>): unknown => {
      try {
        return loadConfig(file, environment, true).warnings.map(({ path }) => path);
      } catch (error) {
        return error instanceof ConfigError ? error.problems.map(({ path, line }) => `${path}:${line}`) : error;
      }
    };
    expect(problemsOf({ ACME_KEY: 'a' })).toEqual(['keys[0].secret:9']);
    expect(problemsOf({ DEV_KEY: 'd' })).toEqual(['hosts.acme.apiKey']);
    expect(problemsOf({ DEV_KEY: 'd', ACME_KEY: 'a' })).toEqual([]);
  });

  it('lets no two keys have one secret: nobody could say whose request it was', () => {
    writeFileSync(file, 'keys:\n  - { name: a, secret: env:ONE }\n  - { name: b, secret: env:TWO }\n');
    expect(loadConfig(file, { ONE: 'x', TWO: 'y' }, true).config.keys).toHaveLength(2);
    expect(() => loadConfig(file, { ONE: 'x', TWO: 'x' }, true)).toThrow(ConfigError);
  });

  it('needs the file only when it was named', () => {
    expect(loadConfig(file, {}, false).exists).toBe(false);
    expect(() => loadConfig(file, {}, true)).toThrow(ConfigError);
  });

  it('reads secrets from files relative to the configuration, without their final newline', () => {
    writeFileSync(join(directory, 'key.txt'), 's3cret\n');
    expect(readSecret('file:key.txt', { environment: {}, directory })).toBe('s3cret');
    expect(readSecret('file:none.txt', { environment: {}, directory })).toBeUndefined();
    expect(readSecret('env:A', { environment: { A: ' x ' }, directory })).toBe('x');
  });
});

describe('watching', () => {
  it('[scenario 75] takes over a good change, keeps the last good one over a bad change, and logs paths, not values', async () => {
    writeFileSync(file, good);
    const environment = { DEV_KEY: 'd', ACME_KEY: 'a' };
    const events: string[][] = [];
    let wake: () => void = () => undefined;
    const nextEvent = (): Promise<void> => new Promise((resolve) => (wake = resolve));
    const watch = watchConfig(loadConfig(file, environment, true), environment, {
      changed: (_loaded, difference) => {
        events.push([...difference]);
        wake();
      },
      refused: (error) => {
        events.push(error.problems.map(({ path }) => `refused ${path}`));
        wake();
      },
    });
    let event = nextEvent();
    writeFileSync(`${file}.new`, good.replace('0.10', '0.20'));
    renameSync(`${file}.new`, file);
    await event;
    event = nextEvent();
    writeFileSync(file, `${good}\nbogus: 1\n`);
    await event;
    watch.close();
    expect(events).toEqual([['changed models.small.endpoints.0.price.input'], ['refused bogus']]);
  });

  it('lists additions, removals and changes by path', () => {
    const difference = diffConfig({ a: 1, b: { c: 'secret' } }, { b: { c: 'other' }, d: 2 });
    expect(difference).toEqual(['removed a', 'changed b.c', 'added d']);
  });
});
