import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { type Product, startProduct } from '../../src/main.ts';
import { runServe, serveCall, type ServedProduct } from '../cli/run-serve.ts';
import { createTestTerminal } from '../cli/test-terminal.ts';

const run = promisify(execFile);

/** Stands in for npm: starts the product and waits. */
const npmScript = `
  const { spawn } = require('node:child_process');
  spawn(process.execPath, process.argv.slice(1), { stdio: 'inherit' });
  setInterval(() => {}, 1000);
`;

/** The gateway alone: neither its database nor its sandboxes matter to how it starts and ends. */
const alone = 'log: { level: silent }\ndatabase: "off"\nruntime: { enabled: false }\n';

let folder: string;
const started: ServedProduct[] = [];
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'switchyard-serve-'))));
afterEach(async () => {
  for (const { child, exited } of started.splice(0)) {
    child.kill('SIGKILL');
    await exited;
  }
  rmSync(folder, { recursive: true, force: true });
});

async function serve(...parameters: Parameters<typeof runServe> extends [string, ...infer Rest] ? Rest : never) {
  const product = await runServe(folder, ...parameters);
  started.push(product);
  return product;
}

describe('switchyard serve', () => {
  it('says once that it listens, prints a call that works, and exits 0 at SIGTERM with its journal sealed', async () => {
    const product = await serve();
    await product.until('Watch it');
    expect(product.stdout().match(/listening on/g)).toHaveLength(1);
    expect(product.stdout()).toMatch(/Owner token: swo_\S+ \(shown once, kept in \.switchyard\/owner-token\)/);
    const curl = /^ *(curl .*)$/m.exec(product.stdout())?.[1] ?? '';
    const { stdout } = await run('sh', ['-c', `${curl} -s`]);
    expect(JSON.parse(stdout)).toMatchObject({ object: 'chat.completion' });
    product.child.kill('SIGTERM');
    expect(await product.exited).toBe(0);
    await expect(fetch(product.url)).rejects.toThrow();
    const terminal = createTestTerminal({});
    expect(await main(['journal', 'verify', join(folder, '.switchyard')], terminal)).toBe(0);
    expect(terminal.stdout()).toMatch(/segment \d+ {2}sealed/);
  });

  it('ends at once at the second signal, though an answer still runs', async () => {
    writeFileSync(join(folder, 'switchyard.yaml'), alone);
    const product = await serve();
    const answer = await fetch(`${product.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'sim/large', stream: true, messages: [{ role: 'user', content: 'Hello' }] }),
    });
    // Two signals at once may arrive as one: the second is sent when the first was heard.
    const isHeard = new Promise<void>((resolve) => {
      product.child.stderr?.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('draining')) resolve();
      });
    });
    product.child.kill('SIGINT');
    await isHeard;
    product.child.kill('SIGINT');
    expect([0, 130]).toContain(await product.exited);
    await answer.text().catch(() => 'cut');
  });

  it('tells in one line what is in the way of starting', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const terminal = createTestTerminal({});
    expect(await main(['serve', '--port', `${port}`, '--data', join(folder, 'data')], terminal)).toBe(1);
    taken.close();
    expect(terminal.stderr()).toContain(`switchyard: 127.0.0.1:${port} is in use already`);
    expect(readdirSync(folder)).toEqual([]);
    const file = join(folder, 'switchyard.yaml');
    writeFileSync(file, 'hosts:\n  a: { bogus: 1 }\n');
    expect(await main(['serve', '--config', file, '--data', join(folder, 'data')], terminal)).toBe(1);
    expect(terminal.stderr()).toContain('switchyard.yaml:2:');
    expect(await main(['serve', '--host', '0.0.0.0', '--data', join(folder, 'data')], terminal)).toBe(1);
    expect(terminal.stderr()).toContain('Refusing to listen on 0.0.0.0 without keys');
    expect(terminal.stderr()).not.toContain('    at ');
  });

  it('ends when a setting names what does not exist, and says on which line', async () => {
    writeFileSync(
      join(folder, 'switchyard.yaml'),
      `${alone}models:\n  small:\n    endpoints: [{ host: other, model: m }]\n`,
    );
    await expect(serve()).rejects.toThrow(
      /ended with 1 before .*switchyard\.yaml:6:\d+ models\.small\.endpoints\[0\]\.host: "other" is not known/,
    );
  });

  it('refuses a folder that another one serves from, in one line, and ends', async () => {
    writeFileSync(join(folder, 'switchyard.yaml'), alone);
    const product = await serve();
    await expect(serve()).rejects.toThrow(
      new RegExp(`ended with 1 before .*: switchyard: the journal is in use by process ${product.child.pid} .*\\n$`),
    );
  });

  it('drains when npm, its parent, is killed', async () => {
    writeFileSync(join(folder, 'switchyard.yaml'), alone);
    const npm = spawn(process.execPath, ['-e', npmScript, '--', ...serveCall], {
      cwd: folder,
      env: { PATH: process.env['PATH'], npm_lifecycle_event: 'start' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lost = setTimeout(() => npm.kill('SIGKILL'), 100_000);
    let stdout = '';
    for await (const chunk of npm.stdout.setEncoding('utf8')) {
      stdout += chunk;
      if (stdout.includes('Watch it')) npm.kill('SIGKILL');
    }
    clearTimeout(lost);
    // The pipe ends when the last process that holds it is gone: the product has ended by itself.
    const url = /listening on (http:\S+)/.exec(stdout)?.[1] ?? '';
    await expect(fetch(url)).rejects.toThrow();
  });
});

describe('commands that ask a running gateway', () => {
  let product: Product;
  let connection: string[];
  beforeEach(async () => {
    const configFile = join(folder, 'switchyard.yaml');
    writeFileSync(configFile, alone);
    product = await startProduct({ configFile, port: 0, dataDirectory: join(folder, 'data'), environment: {} });
    connection = ['--url', product.url, '--data', join(folder, 'data')];
  });
  afterEach(() => product.drain());

  it('show a request as recorded, and the live view', async () => {
    const answer = await fetch(`${product.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'sim/small', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    await answer.text();
    const requestId = answer.headers.get('x-switchyard-request-id') ?? '';
    const terminal = createTestTerminal({});
    expect(await main(['requests', 'show', requestId, ...connection], terminal)).toBe(0);
    expect(terminal.stdout()).toContain(`${requestId}  completed`);
    expect(terminal.stdout()).toMatch(/attempt 1 sim\/small: stop in \d+ ms/);
    expect(terminal.stdout()).toMatch(/cost {6}\$0\.0\d+/);
    expect(await main(['requests', 'show', `req_${'0'.repeat(32)}`, ...connection], terminal)).toBe(1);
    expect(terminal.stderr()).toContain('There is no request');
    const once = createTestTerminal({});
    expect(await main(['top', '--once', ...connection], once)).toBe(0);
    expect(once.stdout()).toContain('sim/small');
    const json = createTestTerminal({});
    expect(await main(['top', '--once', '--json', ...connection], json)).toBe(0);
    expect(JSON.parse(json.stdout())).toMatchObject({
      requests: { total: 1 },
      summary: { models: [{ model: 'sim/small' }] },
    });
  });

  it('top draws, follows the size of the window, and gives the screen back', async () => {
    const terminal = createTestTerminal({}, { columns: 100, rows: 30 });
    const watching = main(['top', ...connection], terminal);
    await terminal.until('switchyard  up');
    terminal.resize({ columns: 20, rows: 5 });
    await terminal.until('…');
    terminal.stop();
    expect(await watching).toBe(0);
    expect(terminal.raw().startsWith('\u001B[?1049h')).toBe(true);
    expect(terminal.raw().endsWith('\u001B[?1049l')).toBe(true);
  });
});

describe('switchyard demo', () => {
  it('tells the loop from request to another decision, labelled as simulated', async () => {
    const terminal = createTestTerminal({});
    expect([await main(['demo'], terminal), terminal.stderr()]).toEqual([0, '']);
    expect(terminal.stdout()).toContain('SIMULATED');
    expect(terminal.stdout()).toMatch(/4 cost +\d+ nano-USD/);
    expect(terminal.stdout()).toMatch(/7 decision +the next one is sim\/large, before it was sim\/small/);
    expect(terminal.stdout()).toContain('because: ');
    expect(terminal.stdout().split('\n').length).toBeLessThan(24);
  });
});
