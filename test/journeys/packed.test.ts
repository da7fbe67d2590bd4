import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';

/** Node itself, and any others whose binaries are named, separated by colons. */
const nodeBinaries = [process.execPath, ...(process.env['SWITCHYARD_NODE_BINARIES'] ?? '').split(':').filter(Boolean)];

const streams: readonly { dialect: string; path: string; body: object; end: string }[] = [
  {
    dialect: 'chat',
    path: '/v1/chat/completions',
    body: { model: 'sim/echo', stream: true, messages: [{ role: 'user', content: 'hello' }] },
    end: 'data: [DONE]',
  },
  {
    dialect: 'responses',
    path: '/v1/responses',
    body: { model: 'sim/echo', stream: true, input: 'hello' },
    end: 'event: response.completed',
  },
  {
    dialect: 'messages',
    path: '/v1/messages',
    body: { model: 'sim/echo', stream: true, max_tokens: 50, messages: [{ role: 'user', content: 'hello' }] },
    end: 'event: message_stop',
  },
  {
    dialect: 'gemini',
    path: '/v1beta/models/sim/echo:streamGenerateContent?alt=sse',
    body: { contents: [{ role: 'user', parts: [{ text: 'hello' }] }] },
    end: '"finishReason":"STOP"',
  },
];

/** The package as npm would install it: its own files and its production dependencies, nothing else. */
function installPacked(folder: string): string {
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: repositoryRoot,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  const installed = join(folder, 'node_modules', 'switchyard');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components=1']);
  const lock = JSON.parse(readFileSync(join(repositoryRoot, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; link?: boolean }>;
  };
  for (const [path, { dev, link }] of Object.entries(lock.packages)) {
    if (!/^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) || dev === true || link === true) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(repositoryRoot, path), join(folder, path));
  }
  return installed;
}

function started(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (!child.stdout) return reject(new Error('no output'));
    createInterface(child.stdout).on('line', (line) => {
      const url = /listening on (http:\S+)/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it was ready`)));
  });
}

describe('the packed package', () => {
  let folder: string;
  let installed: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchyard packed '));
    installed = installPacked(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(nodeBinaries)('[scenario 79] starts from a clean install and streams in each dialect: %s', async (node) => {
    const flags = ['serve', '--port', '0', '--data', join(folder, 'data')];
    const child = spawn(node, [join(installed, 'bin', 'switchyard.js'), ...flags], {
      cwd: folder,
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const url = await started(child);
    for (const { path, body, end, dialect } of streams) {
      const answer = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) });
      const text = await answer.text();
      expect(text, dialect).toContain('simulated');
      expect(text, dialect).toContain(end);
    }
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
