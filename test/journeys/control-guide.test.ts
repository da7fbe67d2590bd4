import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';
import { createControlHarness, testOwnerToken } from '../../src/http/control/testing/control-harness.ts';
import { openTestDatabase, type TestDatabase } from '../../src/storage/testing/open-test-database.ts';
import { serveControl } from './support/serve-control.ts';

let opened: TestDatabase;
let served: { readonly url: string; close(): void };
beforeAll(async () => {
  opened = await openTestDatabase();
  served = await serveControl(createControlHarness(opened.database));
});
afterAll(async () => {
  served?.close();
  await opened?.close();
});

/** The commands of the guide, without those that set it up for a real machine. */
function guideCommands(): string[] {
  const text = readFileSync(join(repositoryRoot, 'docs', 'control-api.md'), 'utf8');
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  return blocks
    .flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => line.startsWith('curl '));
}

it('the commands of the guide do what it says', async ({ skip }) => {
  const hasCurl = await promisify(execFile)('curl', ['--version']).then(
    () => true,
    () => false,
  );
  if (!hasCurl) return skip('this machine has no curl');
  const commands = guideCommands();
  expect(commands.length).toBeGreaterThanOrEqual(8);
  const environment = { ...process.env, URL: served.url, TOKEN: testOwnerToken };
  const answers: string[] = [];
  for (const command of commands) {
    const run = await promisify(execFile)('sh', ['-c', `${command} -w '\\n%{http_code}'`], { env: environment });
    answers.push(run.stdout.trim().split('\n').at(-1) ?? '');
    if (command.includes('"name":"shop"')) expect(run.stdout).toContain('"secret"');
    if (command.includes('"limitNanos":5}')) expect(run.stdout).toContain('"field":"limitNanos"');
  }
  expect(answers).toEqual(commands.map((command) => statusOf(command)));
});

function statusOf(command: string): string {
  if (command.includes('"limitNanos":5}')) return '400';
  return command.includes(' -d ') ? '201' : '200';
}
