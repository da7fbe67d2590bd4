import { cpSync, existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';
import { main } from '../../src/cli/index.ts';
import { startProduct } from '../../src/main.ts';
import { parseConfig } from '../../src/config/index.ts';
import { runServe, type ServedProduct } from '../cli/run-serve.ts';
import { createTestTerminal } from '../cli/test-terminal.ts';
import { postRaw } from '../fake-upstream/index.ts';

const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');
const manual = read('docs/operate.md');
const unit = read('deploy/switchyard.service');
const container = read('deploy/Containerfile');

/** Fenced blocks of a page in one language. */
function blocksOf(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text]) => text ?? '');
}

/** The documented configurations: YAML that is not somebody else's. */
const pages = ['README.md', 'docs/operate.md'];
const configurations = pages.flatMap((page) =>
  blocksOf(read(page), 'ya?ml')
    .filter((text) => !/^(scrape_configs|groups|rule_files):/m.test(text))
    .map((text, at) => ({ name: `${page} block ${at + 1}`, text })),
);

describe('the manual', () => {
  it('holds configurations to judge', () => {
    expect(configurations.length).toBeGreaterThanOrEqual(2);
  });

  it.each(configurations)('shows a configuration that is valid: $name', ({ text }) => {
    expect(parseConfig(text).problems).toEqual([]);
  });

  it('names only commands and options that exist', async () => {
    const lines = blocksOf(manual, 'sh').flatMap((text) => text.replaceAll('\\\n', ' ').split('\n'));
    const calls = lines.filter((line) => line.startsWith('switchyard ')).map((line) => line.split(/\s+/).slice(1));
    expect(calls.length).toBeGreaterThan(5);
    for (const call of calls) {
      const terminal = createTestTerminal({});
      const words = call.slice(0, call[0] === 'top' ? 1 : 2);
      expect({ call, exitCode: await main([...words, '--help'], terminal) }).toEqual({ call, exitCode: 0 });
      for (const flag of call.filter((word) => word.startsWith('--'))) expect(terminal.stdout()).toContain(flag);
    }
  });

  it('points at files and scripts that exist', () => {
    const links = [...manual.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, path]) => path ?? '');
    expect(links.length).toBeGreaterThan(2);
    for (const path of links)
      expect({ path, exists: existsSync(join(repositoryRoot, path)) }).toEqual({ path, exists: true });
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: object };
    for (const [, name] of manual.matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts)).toContain(name);
  });
});

/** Words of a command line of the product, without the program. */
const flagsOf = (line: string): string[] => line.split(/[\s",[\]]+/).filter((word) => word !== '');

describe('the unit and the image', () => {
  it('is a unit of well-formed sections, with every directive once', () => {
    const seen = new Set<string>();
    let section = '';
    for (const line of unit.split('\n').filter((text) => text !== '' && !text.startsWith('#'))) {
      const header = /^\[(Unit|Service|Install)\]$/.exec(line);
      if (header) section = line;
      else expect(line).toMatch(/^[A-Z][A-Za-z]+=.*$/);
      const name = section + line.split('=')[0];
      expect(seen.has(name)).toBe(false);
      seen.add(name);
    }
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(30);
  });

  it.each([
    ['unit', () => /^ExecStart=\S+ \S+ (.*)$/m.exec(unit)?.[1] ?? ''],
    ['image', () => /^CMD (.*)$/m.exec(container)?.[1] ?? ''],
  ])('starts the product with options it knows: %s', async (_what, line) => {
    const [command, ...flags] = flagsOf(line());
    expect(command).toBe('serve');
    const terminal = createTestTerminal({});
    expect(await main(['serve', '--help'], terminal)).toBe(0);
    const options = flags.filter((word) => word.startsWith('--'));
    expect(options).toContain('--config');
    for (const option of options) expect(terminal.stdout()).toContain(option);
  });

  it('copies into the image what the product consists of', () => {
    const copied = [...container.matchAll(/--from=build \/build\/(\S+)/g)].map(([, path]) => path);
    expect(copied).toEqual(expect.arrayContaining(['package.json', 'bin', 'dist', 'node_modules']));
    const { files } = JSON.parse(read('package.json')) as { readonly files: readonly string[] };
    for (const path of files) expect(copied).toContain(path);
  });
});

describe('the product as the manual runs it', () => {
  let folder: string;
  let served: ServedProduct;
  const config = (): string => join(folder, 'switchyard.yaml');

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchyard-operate-'));
    const documented = configurations.find(({ name }) => name.startsWith('docs/operate.md'))?.text ?? '';
    writeFileSync(config(), documented);
    served = await runServe(folder, ['--config', config(), '--data', join(folder, 'data')], {
      ACME_KEY: 'sk-acme-0123456789',
      SHOP_KEY: 'sk-shop-0123456789',
    });
  });
  afterAll(() => {
    served.child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = (): ReturnType<typeof postRaw> =>
    postRaw(
      `${served.url}/v1/chat/completions`,
      { model: 'sim/echo', messages: [{ role: 'user', content: 'hello' }] },
      { authorization: 'Bearer sk-shop-0123456789' },
    );

  it('passes the documented check of the documented configuration', async () => {
    const terminal = createTestTerminal({ ACME_KEY: 'a', SHOP_KEY: 'b' });
    expect(await main(['config', 'check', config()], terminal)).toBe(0);
    expect(await main(['hosts', 'list', '--config', config()], terminal)).toBe(0);
    expect(terminal.stdout()).toMatch(/acme +ready/);
  });

  it('is live and ready, and answers who has a key', async () => {
    expect((await fetch(`${served.url}/health/live`)).status).toBe(200);
    expect((await fetch(`${served.url}/health/ready`)).status).toBe(200);
    expect((await ask()).status).toBe(200);
    expect((await fetch(`${served.url}/v1/models`)).status).toBe(401);
  });

  it('serves every metric that the rules and the manual name', async () => {
    const offered = async (): Promise<ReadonlySet<string>> => {
      const text = await (await fetch(`${served.url}/metrics`)).text();
      return new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name ?? ''));
    };
    const { groups } = parse(read('deploy/alerts.yml')) as {
      readonly groups: readonly { readonly rules: readonly { alert: string; expr: string; annotations: object }[] }[];
    };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(8);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    const named = [...rules.map(({ expr }) => expr), manual].flatMap(
      (one) => one.match(/\b(switchyard|process)_\w+/g) ?? [],
    );
    expect(named.length).toBeGreaterThan(15);
    const families = named.map((name) => name.replace(/_(bucket|sum|count)$/, ''));
    // Those of the database come when it is open.
    const missing = async () => {
      const present = await offered();
      return families.filter((name) => !present.has(name));
    };
    await expect.poll(missing, { timeout: 60_000, interval: 100 }).toEqual([]);
  });

  it('can be backed up while it runs', async () => {
    await ask();
    // Sockets are of the moment, and no tool copies them.
    const isKept = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSocket() === false;
    cpSync(join(folder, 'data'), join(folder, 'backup'), { recursive: true, filter: isKept });
    const terminal = createTestTerminal({});
    await main(['journal', 'verify', join(folder, 'backup'), '--json'], terminal);
    const report = JSON.parse(terminal.stdout()) as { readonly gateways: readonly { readonly rows: number }[] };
    expect(report.gateways[0]?.rows).toBeGreaterThan(0);
    expect(terminal.stdout()).not.toMatch(/checksum|corrupt/i);
  });

  it('reads its configuration at SIGHUP, and keeps the last good one', async () => {
    const good = readFileSync(config(), 'utf8');
    writeFileSync(config(), `${good}aliases: { tiny: sim/echo }\n`);
    served.child.kill('SIGHUP');
    const models = async (): Promise<string> =>
      (await fetch(`${served.url}/v1/models`, { headers: { authorization: 'Bearer sk-shop-0123456789' } })).text();
    await expect.poll(models).toContain('"tiny"');
    writeFileSync(config(), `${good}nonsense: true\n`);
    served.child.kill('SIGHUP');
    await expect.poll(() => served.stderr()).toContain('the last good one stays');
    expect(await models()).toContain('"tiny"');
  });

  it('does not open up when the file is emptied, as editors do for a moment', async () => {
    writeFileSync(config(), '');
    served.child.kill('SIGHUP');
    await expect.poll(() => served.stderr()).toContain('is empty now');
    expect((await fetch(`${served.url}/v1/models`)).status).toBe(401);
    expect((await ask()).status).toBe(200);
  });

  it('drains at SIGTERM and exits with 0, its journal whole', async () => {
    served.child.kill('SIGTERM');
    expect(await served.exited).toBe(0);
    const terminal = createTestTerminal({});
    expect(await main(['journal', 'verify', join(folder, 'data')], terminal)).toBe(0);
  });
});

describe('a reload', () => {
  it('never takes the last key away from a gateway that others can reach', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-open-'));
    const configFile = join(folder, 'switchyard.yaml');
    const quiet = 'log: { level: silent }\n';
    writeFileSync(configFile, `${quiet}keys: [{ name: shop, secret: env:SHOP_KEY }]\n`);
    const product = await startProduct({
      configFile,
      // Loopback in truth, but not by its name: treated like every other address.
      host: '::ffff:127.0.0.1',
      port: 0,
      dataDirectory: join(folder, 'data'),
      environment: { SHOP_KEY: 'sk-shop-0123456789' },
    });
    writeFileSync(configFile, `${quiet}aliases: { tiny: sim/echo }\n`);
    product.reload();
    expect((await fetch(`${product.url}/v1/models`, { headers: { host: 'localhost' } })).status).toBe(401);
    await product.drain();
    rmSync(folder, { recursive: true, force: true });
  });
});
