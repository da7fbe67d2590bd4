import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findNpmEntry, npmEnvironment } from '../../scripts/lib/npm-command.mjs';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';
import { plantRepository, type PlantedRepository } from './planted-repository.ts';

/** Stands in for the product: says what it was given, and drains when told to stop. */
const product = `
export function main(argv) {
  const alive = setInterval(() => {}, 1000);
  return new Promise((resolve) => {
    process.once('SIGTERM', () => { clearInterval(alive); process.stdout.write('drained'); resolve(0); });
    process.stdout.write(JSON.stringify(argv) + ' pid ' + process.pid + '\\n');
  });
}
`;

describe('npm start', () => {
  let repository: PlantedRepository;
  beforeEach(() => {
    repository = plantRepository();
    const { scripts } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
    repository.plant('package.json', JSON.stringify({ type: 'module', scripts: { start: scripts.start } }));
    repository.plant('dist/cli/index.js', product);
    cpSync(join(repositoryRoot, 'bin'), join(repository.root, 'bin'), { recursive: true });
  });
  afterEach(() => repository.remove());

  it('hands flags to serve, and the signal that ends npm to the product, which decides the exit code', async () => {
    const environment = npmEnvironment(process.env);
    const npm = spawn(process.execPath, [findNpmEntry(process.env), 'start', '--silent', '--', '--port', '1'], {
      cwd: repository.root,
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(npm, 'exit');
    let stdout = '';
    for await (const chunk of npm.stdout.setEncoding('utf8')) {
      stdout += chunk;
      if (stdout.endsWith('\n')) npm.kill('SIGTERM');
    }
    expect(stdout).toMatch(/^\["serve","--port","1"\] pid \d+\ndrained$/);
    expect(await exited).toEqual([0, null]);
    const productPid = Number(/pid (\d+)/.exec(stdout)?.[1]);
    expect(() => process.kill(productPid, 0)).toThrow('ESRCH');
  });
});
