import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestTerminal, type TestTerminal } from '../../test/cli/test-terminal.ts';
import { openJournal } from '../journal/index.ts';
import { systemClock } from '../platform/clock.ts';
import { main } from './index.ts';

let folder: string;
let terminal: TestTerminal;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-cli-'));
  terminal = createTestTerminal({ ACME_KEY: 'secret-value' });
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

function plant(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('the command line', () => {
  it('lists every command, and explains one', async () => {
    expect(await main(['--help'], terminal)).toBe(0);
    for (const command of ['serve', 'top', 'config check', 'journal verify', 'requests show', 'import']) {
      expect(terminal.stdout()).toContain(`switchyard ${command}`);
    }
    expect(await main(['config', 'check', '--help'], terminal)).toBe(0);
    expect(await main(['help', 'journal'], terminal)).toBe(0);
    expect(terminal.stdout()).toContain('switchyard journal tail');
    expect(terminal.stderr()).toBe('');
  });

  it('says its version', async () => {
    expect(await main(['--version'], terminal)).toBe(0);
    expect(terminal.stdout()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [[], 'Usage: switchyard <command>'],
    [['config'], 'Usage: switchyard config <command>'],
    [['sevre'], 'unknown command "sevre"'],
    [['serve', '--prot', '1'], 'unknown option --prot'],
    [['serve', '--port'], 'option --port needs a value'],
    [['serve', '--port', '99999'], '--port must be a number from 0 to 65535'],
    [['serve', 'now'], 'unexpected argument now'],
    [['requests', 'show'], 'Missing required positional argument: ID'],
    [['journal', 'tail', '--count', '0'], '--count must be a whole number from 1'],
  ])('refuses %j as a wrong call', async (words, message) => {
    expect(await main(words, terminal)).toBe(2);
    expect(terminal.stderr()).toContain(message);
    expect(terminal.stderr()).not.toContain('    at ');
  });

  it('tells expected failures in one line, without a trace', async () => {
    expect(await main(['requests', 'show', 'req_1', '--data', folder], terminal)).toBe(1);
    expect(terminal.stderr()).toMatch(/^switchyard: .*owner-token is not there: .*SWITCHYARD_OWNER_TOKEN\n$/);
    expect(await main(['import', 'litellm', join(folder, 'none.yaml')], terminal)).toBe(1);
    expect(terminal.stderr()).toContain('there is no');
    expect(terminal.stderr()).not.toContain('    at ');
  });

  it('names the address when no gateway answers there, and not the token', async () => {
    const asking = createTestTerminal({ SWITCHYARD_OWNER_TOKEN: 'swo_secret', SWITCHYARD_URL: 'http://127.0.0.1:1' });
    expect(await main(['top', '--once'], asking)).toBe(1);
    expect(asking.stderr()).toContain('cannot reach http://127.0.0.1:1/api/v1/live');
    expect(asking.stderr()).not.toContain('swo_secret');
  });
});

const good = `hosts:
  acme:
    protocol: openai-chat
    baseUrl: http://127.0.0.1:9101/v1
    apiKey: env:ACME_KEY
  other: { protocol: gemini, baseUrl: http://127.0.0.1:9102/v1beta, apiKey: env:OTHER_KEY }
models:
  small:
    endpoints:
      - { host: acme, model: gpt-mock, price: { input: 0.15, output: 0.60 }, weight: 2 }
    fallback: [large.v2]
  large.v2:
    endpoints:
      - { host: other, model: big }
aliases: { default: small }
`;

describe('config check', () => {
  it('explains what each host and model resolves to, with lines, and never a secret', async () => {
    expect(await main(['config', 'check', plant('s.yaml', good)], terminal)).toBe(0);
    const text = terminal.stdout();
    expect(text).toMatch(/acme +openai-chat +http:\/\/127\.0\.0\.1:9101\/v1 +env:ACME_KEY .*\(line 3\)/);
    expect(text).toContain('small  (line 9), at most 4 attempts');
    expect(text).toMatch(/acme\/gpt-mock +weight 2 +USD per million: input 0\.15, output 0\.60/);
    expect(text).toMatch(/other\/big +fallback large\.v2 +price unknown/);
    expect(text).toContain('default -> small  (line 15)');
    expect(text).toMatch(/warning .*s\.yaml:6:\d+ hosts\.other\.apiKey: env:OTHER_KEY is not set/);
    expect(text).toContain('is valid, with 1 warning');
    expect(text).not.toContain('secret-value');
  });

  it('answers as JSON', async () => {
    expect(await main(['config', 'check', '--config', plant('s.yaml', good), '--json'], terminal)).toBe(0);
    const answer: unknown = JSON.parse(terminal.stdout());
    expect(answer).toMatchObject({ ok: true, models: [{ name: 'small', line: 9 }, { name: 'large.v2' }] });
  });

  it.each([
    ['hosts:\n  acme: { bogus: 1 }\n', /s\.yaml:2:18 hosts\.acme\.bogus: unknown setting/],
    [good.replace('fallback: [large.v2]', 'fallback: [lage.v2]'), /s\.yaml:11:\d+ models\.small\.fallback.*lage\.v2/],
    [good.replace('host: other', 'host: othr'), /s\.yaml:14:\d+ models\.large\.v2\.endpoints\[0\]\.host: "othr"/],
    [good.replace('    protocol: openai-chat\n', ''), /s\.yaml:\d+:\d+ hosts\.acme\.protocol: is needed/],
    ['keys:\n  - { name: a, secret: env:NONE }\n', /s\.yaml:2:\d+ keys\[0\]\.secret: env:NONE is not set/],
    ['hosts: [', /s\.yaml:1:/],
  ])('says where the mistake is in %j', async (text, message) => {
    expect(await main(['config', 'check', plant('s.yaml', text)], terminal)).toBe(1);
    expect(terminal.stdout()).toMatch(message);
    expect(terminal.stdout()).toContain('is not valid');
  });

  it('fails for a file that is not there', async () => {
    expect(await main(['config', 'check', join(folder, 'none.yaml')], terminal)).toBe(1);
    expect(terminal.stdout()).toContain('cannot be read');
  });
});

describe('hosts list', () => {
  it('tells ready hosts from those that need a key', async () => {
    const file = plant('s.yaml', good);
    expect(await main(['hosts', 'list', '--config', file, '--json'], terminal)).toBe(0);
    const { hosts } = JSON.parse(terminal.stdout()) as { hosts: { id: string; state: string }[] };
    expect(hosts.slice(0, 2)).toMatchObject([
      { id: 'acme', state: 'ready' },
      { id: 'other', state: 'key missing' },
    ]);
    expect(hosts.length).toBeGreaterThan(30);
    expect(terminal.stdout()).not.toContain('secret-value');
  });
});

describe('journal commands', () => {
  it('verify, tail and sum up what a gateway wrote', async () => {
    const journal = await openJournal({
      directory: join(folder, 'journal'),
      gatewayId: 'gw1',
      durability: 'durable',
      clock: systemClock,
      log: () => undefined,
    });
    await journal.commit({
      type: 'final',
      requestId: 'req_1',
      atMs: 1,
      status: 'completed',
      httpStatus: 200,
      key: 'dev',
      customer: 'default',
      model: 'small',
      attempts: 1,
      usage: { input: 3, output: 4 },
      costNanos: '1500',
      cache: 'bypass',
      totalMs: 10,
    });
    await journal.close();
    expect(await main(['journal', 'verify', folder], terminal)).toBe(0);
    expect(terminal.stdout()).toMatch(/gw1: 1 facts, cost \$/);
    expect(await main(['journal', 'tail', folder], terminal)).toBe(0);
    expect(terminal.stdout()).toContain('"requestId":"req_1"');
    expect(await main(['journal', 'stats', folder], terminal)).toBe(0);
    expect(terminal.stdout()).toContain('small: 1 requests, 0 failed, 0 aborted, input 3, output 4, cost $0.0000015');
  });

  it('verify fails where there is nothing to verify', async () => {
    expect(await main(['journal', 'verify', folder], terminal)).toBe(1);
    expect(terminal.stderr()).toContain('no journal found');
    expect(await main(['journal', 'verify', join(folder, 'none')], terminal)).toBe(1);
  });
});

describe('fake-upstream', () => {
  it('serves until it is stopped, and says how to script it', async () => {
    const run = main(['fake-upstream', '--port', '0'], terminal);
    await terminal.until('listening on http://127.0.0.1:');
    const url = /http:\S+/.exec(terminal.stdout())?.[0] ?? '';
    expect((await fetch(`${url}/v1/models`)).status).toBe(200);
    terminal.stop();
    expect(await run).toBe(0);
    expect(terminal.stdout()).toContain('x-fake-script');
  });
});
