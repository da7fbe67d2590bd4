import { cpSync, existsSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findNpmEntry } from '../../scripts/lib/npm-command.mjs';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';
import { plantRepository, type PlantedRepository } from './planted-repository.ts';
import { runScript, type ScriptRun } from './run-script.ts';

/** Stands in for npm: notes how it was called and leaves what `npm ci` leaves, so that no test needs a network. */
const fakeNpm = `
const { appendFileSync, copyFileSync, mkdirSync, rmSync } = require('node:fs');
const settings = Object.keys(process.env).filter((name) => /^npm_config_/i.test(name)).sort();
appendFileSync('npm-calls.jsonl', JSON.stringify({ parameters: process.argv.slice(2), settings }) + '\\n');
process.stdout.write('added 1 package\\n');
if (process.env.FAKE_NPM_FAILS) process.exit(7);
rmSync('node_modules', { recursive: true, force: true });
mkdirSync('node_modules');
// Long enough for others to arrive while the tree is gone.
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
`;

const lockfile = (version: string): string =>
  JSON.stringify({
    packages: {
      '': { name: 'planted' },
      'node_modules/one': { version, integrity: `sha512-${version}` },
      'node_modules/tool-elsewhere': { version, dev: true, optional: true, os: ['plan9'] },
      'node_modules/engine': { version, optional: true },
    },
  });

describe('ensure-installed', () => {
  let repository: PlantedRepository;
  beforeEach(() => {
    repository = plantRepository();
    for (const path of ['scripts/ensure-installed.mjs', 'scripts/lib']) {
      cpSync(join(repositoryRoot, path), join(repository.root, path), { recursive: true });
    }
    repository.plant('package-lock.json', lockfile('1.0.0'));
    repository.plant('npm/bin/npm-cli.js', fakeNpm);
  });
  afterEach(() => repository.remove());

  const ensure = (environment: NodeJS.ProcessEnv = {}): Promise<ScriptRun> =>
    runScript(repository.root, ['scripts/ensure-installed.mjs'], {
      PATH: process.env['PATH'],
      npm_execpath: join(repository.root, 'npm/bin/npm-cli.js'),
      ...environment,
    });
  const calls = (): readonly { readonly parameters: readonly string[]; readonly settings: readonly string[] }[] => {
    const path = join(repository.root, 'npm-calls.jsonl');
    return existsSync(path)
      ? readFileSync(path, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : [];
  };

  it('installs into a fresh clone once, printing nothing on stdout', async () => {
    const first = await ensure();
    expect(first).toMatchObject({ exitCode: 0, stdout: '' });
    expect(first.stderr).toContain('added 1 package');
    expect(await ensure()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(calls().map((call) => call.parameters)).toEqual([
      ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'],
    ]);
  });

  it('reinstalls once, not twice, after the lockfile changes', async () => {
    await ensure();
    repository.plant('package-lock.json', lockfile('2.0.0'));
    await ensure();
    await ensure();
    expect(calls()).toHaveLength(2);
  });

  it('installs once when several scripts start together', async () => {
    const runs = await Promise.all([ensure(), ensure(), ensure(), ensure()]);
    expect(runs.map((run) => run.exitCode)).toEqual([0, 0, 0, 0]);
    expect(calls()).toHaveLength(1);
    expect(existsSync(join(repository.root, '.locks/install'))).toBe(false);
  });

  it('never empties what a linked node_modules points at', async () => {
    await ensure();
    renameSync(join(repository.root, 'node_modules'), join(repository.root, 'elsewhere'));
    symlinkSync(join(repository.root, 'elsewhere'), join(repository.root, 'node_modules'));
    repository.plant('package-lock.json', lockfile('2.0.0'));
    const refused = await ensure();
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('node_modules is a link');
    expect(calls()).toHaveLength(1);
  });

  it('breaks the lock of a process that is gone', async () => {
    repository.plant(`.locks/install/${2 ** 22 - 1}-1-dead`, '');
    expect((await ensure()).exitCode).toBe(0);
    expect(calls()).toHaveLength(1);
  });

  it.runIf(existsSync('/proc/self/stat'))('breaks a lock whose pid now belongs to another process', async () => {
    repository.plant(`.locks/install/${process.pid}-1-reused`, '');
    expect((await ensure()).exitCode).toBe(0);
    expect(calls()).toHaveLength(1);
  });

  it('adopts a tree that a plain npm ci has installed, without engines that were left out', async () => {
    const installed = JSON.parse(lockfile('1.0.0'));
    delete installed.packages['node_modules/engine'];
    delete installed.packages['node_modules/tool-elsewhere'];
    repository.plant('node_modules/.package-lock.json', JSON.stringify(installed));
    expect((await ensure()).exitCode).toBe(0);
    expect(calls()).toEqual([]);
    repository.plant('package-lock.json', lockfile('2.0.0'));
    await ensure();
    expect(calls()).toHaveLength(1);
  });

  it('does not adopt a tree with another version, without a needed package or of another integrity', async () => {
    repository.plant('node_modules/.package-lock.json', lockfile('0.9.0'));
    await ensure();
    expect(calls()).toHaveLength(1);
    rmSync(join(repository.root, 'node_modules'), { recursive: true });
    repository.plant('node_modules/.package-lock.json', JSON.stringify({ packages: {} }));
    await ensure();
    expect(calls()).toHaveLength(2);
  });

  it('keeps inherited npm settings that say where packages are, and drops those that change the tree', async () => {
    await ensure({
      NODE_ENV: 'production',
      npm_config_cache: join(repository.root, 'empty cache'),
      npm_config_registry: 'https://registry.npmjs.org/',
      npm_config_omit: 'dev',
      npm_config_production: 'true',
      npm_config_global: 'true',
      npm_config_dry_run: 'true',
      NPM_CONFIG_PREFIX: '/nowhere',
    });
    expect(calls().map((call) => call.settings)).toEqual([['npm_config_cache', 'npm_config_registry']]);
  });

  it('fails with the exit code of npm in words, stamps nothing and lets the next run try again', async () => {
    const failed = await ensure({ FAKE_NPM_FAILS: '1' });
    expect(failed).toMatchObject({ exitCode: 1, stdout: '' });
    expect(failed.stderr).toContain('npm ci ended with exit code 7');
    expect((await ensure()).exitCode).toBe(0);
    expect(calls()).toHaveLength(2);
  });

  it('takes the npm that started it, and never another package manager', () => {
    const npm = join(repository.root, 'npm/bin/npm-cli.js');
    repository.plant('other/pnpm.cjs', '');
    expect(findNpmEntry({ npm_execpath: npm })).toBe(realpathSync(npm));
    const other = { npm_execpath: join(repository.root, 'other/pnpm.cjs'), PATH: process.env['PATH'] };
    expect(basename(findNpmEntry(other))).toBe('npm-cli.js');
  });
});
