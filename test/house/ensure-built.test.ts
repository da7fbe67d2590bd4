import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';
import { plantRepository, type PlantedRepository } from './planted-repository.ts';
import { runScript, type ScriptRun } from './run-script.ts';

const mainSource = (line: string): string =>
  `export async function main(argv: readonly string[]): Promise<number> {\n  ${line}\n  return argv.length;\n}\n`;

describe('a build of the product', () => {
  let repository: PlantedRepository;
  beforeEach(() => {
    repository = plantRepository();
    for (const path of ['scripts/ensure-built.mjs', 'scripts/lib', 'bin', 'tsconfig.json', 'tsconfig.build.json']) {
      cpSync(join(repositoryRoot, path), join(repository.root, path), { recursive: true });
    }
    mkdirSync(join(repository.root, 'node_modules'));
    for (const name of ['typescript', '@types', 'undici-types']) {
      symlinkSync(join(repositoryRoot, 'node_modules', name), join(repository.root, 'node_modules', name));
    }
    repository.plant('package.json', '{ "type": "module" }');
    repository.plant('package-lock.json', '{}');
    repository.plant('src/cli/index.ts', mainSource(`process.stdout.write('one ' + argv.join(' '));`));
    repository.plant('src/cli/index.test.ts', 'not TypeScript at all');
    repository.plant('src/storage/001-start.sql', 'select 1;');
  });
  afterEach(() => repository.remove());

  const build = (...parameters: string[]): Promise<ScriptRun> =>
    runScript(repository.root, ['scripts/ensure-built.mjs', ...parameters], { ...process.env, NODE_ENV: 'production' });
  const command = (...parameters: string[]): Promise<ScriptRun> =>
    runScript(repository.root, ['bin/switchyard.js', ...parameters], process.env);
  const output = (path: string): string => join(repository.root, 'dist', path);
  const builtAt = (): number => statSync(output('cli/index.js')).ino;

  it('compiles, carries assets over, leaves tests out and prints nothing', async () => {
    expect(await build()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(readFileSync(output('storage/001-start.sql'), 'utf8')).toBe('select 1;');
    expect(existsSync(output('cli/index.js'))).toBe(true);
    expect(existsSync(output('cli/index.test.js'))).toBe(false);
    expect(['dist.new', 'dist.old', '.locks/build'].filter((path) => existsSync(join(repository.root, path)))).toEqual(
      [],
    );
  });

  it('happens again when a source or an asset changes, and not when only times do', async () => {
    await build();
    const first = builtAt();
    utimesSync(join(repository.root, 'src/cli/index.ts'), 1, 1);
    await build();
    expect(builtAt()).toBe(first);
    repository.plant('src/storage/001-start.sql', 'select 2;');
    await build();
    expect(readFileSync(output('storage/001-start.sql'), 'utf8')).toBe('select 2;');
  });

  it('drops what belongs to a removed source', async () => {
    repository.plant('src/gone.ts', 'export const gone = 1;\n');
    await build();
    expect(existsSync(output('gone.js'))).toBe(true);
    rmSync(join(repository.root, 'src/gone.ts'));
    await build();
    expect(existsSync(output('gone.js'))).toBe(false);
    expect(existsSync(output('cli/index.js'))).toBe(true);
  });

  it('that fails leaves the last good one in place, says why on stderr and is tried again', async () => {
    await build();
    repository.plant('src/cli/index.ts', mainSource('const wrong: number = "text";'));
    const failed = await build();
    expect(failed).toMatchObject({ exitCode: 1, stdout: '' });
    expect(failed.stderr).toContain('TS2322');
    expect(readFileSync(output('cli/index.js'), 'utf8')).toContain('one');
    expect((await build()).exitCode).toBe(1);
  });

  it('is made once when several processes need it together', async () => {
    const runs = await Promise.all([command('a'), command('a'), command('a')]);
    expect(runs.map((run) => run.stdout)).toEqual(['one a', 'one a', 'one a']);
    expect(runs.filter((run) => run.stderr.includes('waiting for process')).length).toBeGreaterThan(0);
  });

  it('is made by the command itself when stale, whose exit code is that of the product', async () => {
    expect(await command('a', 'b')).toEqual({ exitCode: 2, stdout: 'one a b', stderr: '' });
    repository.plant('src/cli/index.ts', mainSource(`process.stdout.write('two');`));
    expect(await command('a')).toEqual({ exitCode: 1, stdout: 'two', stderr: '' });
  });

  it('bundles the command and its threads where a bundler is installed, and the command runs the bundle', async () => {
    symlinkSync(join(repositoryRoot, 'node_modules', '@esbuild'), join(repository.root, 'node_modules', '@esbuild'));
    repository.plant('node_modules/zod/index.js', "export const said = 'bundled';\n");
    repository.plant('src/library.d.ts', "declare module 'zod' {\n  export const said: string;\n}\n");
    repository.plant('src/deep/later.ts', "import { said } from 'zod';\nexport const later = said;\n");
    repository.plant(
      'src/cli/index.ts',
      mainSource(`process.stdout.write((await import('../deep/later.ts')).later + new Error().stack);`),
    );
    repository.plant('src/deep/some-thread.ts', 'export const thread = 1;\n');
    expect(await build()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(existsSync(output('bundle/some-thread.js'))).toBe(true);
    rmSync(join(repository.root, 'node_modules/zod'), { recursive: true });
    const run = await command('a');
    expect(run).toMatchObject({ exitCode: 1, stderr: '' });
    expect(run.stdout).toMatch(/^bundledError\n +at main \(.*\/dist\/bundle\/index\.js:/);
  });

  it('stops the command when it fails, rather than starting what it was before', async () => {
    await build();
    repository.plant('src/cli/index.ts', mainSource('const wrong: number = "text";'));
    expect(await command('a')).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it('is enough for the command where neither sources nor scripts are shipped', async () => {
    await build();
    const shipped = plantRepository();
    for (const path of ['dist', 'bin', 'package.json']) {
      cpSync(join(repository.root, path), join(shipped.root, path), { recursive: true });
    }
    chmodSync(join(shipped.root, 'dist'), 0o555);
    const run = await runScript(shipped.root, ['bin/switchyard.js', 'a'], process.env);
    chmodSync(join(shipped.root, 'dist'), 0o755);
    shipped.remove();
    expect(run).toEqual({ exitCode: 1, stdout: 'one a', stderr: '' });
  });
});
