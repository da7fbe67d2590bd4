import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestTerminal } from '../../../../test/cli/test-terminal.ts';
import { type FakeUpstream, startFakeUpstream } from '../../../../test/fake-upstream/index.ts';
import { main } from '../../index.ts';

interface Report {
  readonly model: string;
  readonly findings: readonly { readonly check: string; readonly outcome: string; readonly detail: string }[];
}

const key = 'sk-acme-0123456789';
let fake: FakeUpstream;
let folder: string;

beforeEach(async () => {
  fake = await startFakeUpstream({ apiKey: key, models: ['mock', 'embed'] });
  folder = mkdtempSync(join(tmpdir(), 'switchyard-verify-'));
});
afterEach(async () => {
  await fake.close();
  rmSync(folder, { recursive: true, force: true });
});

async function verify(
  protocol: string,
  ...words: string[]
): Promise<{ exitCode: number; outcomes: Record<string, string>; output: string; requests: number }> {
  const config = join(folder, 'switchyard.yaml');
  const baseUrl = protocol === 'gemini' ? fake.geminiUrl : fake.baseUrl;
  writeFileSync(
    config,
    `hosts: { acme: { protocol: ${protocol}, baseUrl: "${baseUrl}", apiKey: env:ACME_KEY } }\n` +
      'models: { small: { endpoints: [{ host: acme, model: mock }] } }\n',
  );
  const terminal = createTestTerminal({ ACME_KEY: key });
  const exitCode = await main(['hosts', 'verify', 'acme', '--config', config, '--json', ...words], terminal);
  const output = terminal.stdout() + terminal.stderr();
  const { findings } = JSON.parse(terminal.stdout()) as Report;
  const outcomes = Object.fromEntries(findings.map(({ check, outcome }) => [check, outcome]));
  return { exitCode, outcomes, output, requests: fake.stats().requests };
}

describe('hosts verify', () => {
  it.each(['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'])(
    'finds a good host of %s good, in about a dozen calls, and records nothing',
    async (protocol) => {
      fake.script('*', 'calls=2&prefill=accept');
      const { exitCode, outcomes, output, requests } = await verify(protocol, '--bad-key');
      expect(output).not.toContain(key);
      expect(Object.entries(outcomes).filter(([, outcome]) => outcome === 'fail')).toEqual([]);
      expect(outcomes).toMatchObject({
        text: 'pass',
        usage: 'pass',
        stream: 'pass',
        'stream usage': 'pass',
        tools: 'pass',
        'parallel tools': 'pass',
        'tool results': 'pass',
        'structured output': 'pass',
        'output limit': 'pass',
        'unknown model': 'pass',
        'wrong key': 'pass',
        embeddings: 'skip',
      });
      expect(exitCode).toBe(0);
      expect(requests).toBeLessThanOrEqual(15);
      expect(readdirSync(folder)).toEqual(['switchyard.yaml']);
    },
  );

  it('counts tokens where the host offers it, and embeds when told with which model', async () => {
    expect((await verify('anthropic-messages')).outcomes).toMatchObject({ 'token count': 'pass', 'wrong key': 'skip' });
    expect((await verify('openai-chat', '--embeddings', 'embed')).outcomes).toMatchObject({
      'token count': 'skip',
      embeddings: 'pass',
    });
  });

  it.each([
    ['usage=none', { usage: 'warn' }],
    ['tools=off', { tools: 'warn' }],
    ['calls=2&tools=cut-args', { tools: 'fail' }],
    ['schema=reject', { 'structured output': 'warn' }],
    ['schema=ignore', { 'structured output': 'warn' }],
    ['prefill=reject', { prefill: 'warn' }],
    // The third question is the first stream.
    [',,cut=1,', { stream: 'fail', 'stream usage': 'pass' }],
  ])('notices a host that behaves as %s', async (script, expected) => {
    fake.script('*', ...script.split(','));
    const { outcomes, exitCode } = await verify('openai-chat');
    expect(outcomes).toMatchObject(expected);
    expect(exitCode).toBe(Object.values(outcomes).includes('fail') ? 1 : 0);
  });

  it('stops at once when not even text comes back', async () => {
    fake.script('*', 'fail=500');
    const { exitCode, outcomes } = await verify('openai-chat');
    expect(outcomes).toEqual({ text: 'fail' });
    expect(exitCode).toBe(1);
  });

  it('prints a report for people, with what to configure', async () => {
    fake.script('*', 'schema=reject');
    const config = join(folder, 'switchyard.yaml');
    writeFileSync(
      config,
      `hosts: { acme: { protocol: openai-chat, baseUrl: "${fake.baseUrl}", apiKey: env:ACME_KEY } }`,
    );
    const terminal = createTestTerminal({ ACME_KEY: key });
    expect(await main(['hosts', 'verify', 'acme', '--config', config], terminal)).toBe(0);
    expect(terminal.stdout()).toContain(`acme at ${fake.baseUrl}, model mock`);
    expect(terminal.stdout()).toMatch(/warn +structured output/);
    expect(terminal.stdout()).toContain('capabilities: { jsonSchema: false }');
    expect(terminal.stdout()).toMatch(/\d+ passed, \d+ to note, 0 failed, \d+ skipped/);
  });

  it('says what is missing', async () => {
    const terminal = createTestTerminal({});
    expect(await main(['hosts', 'verify', 'nobody'], terminal)).toBe(1);
    expect(await main(['hosts', 'verify', 'openai'], terminal)).toBe(1);
    expect(terminal.stderr()).toContain('the host nobody is not configured');
    expect(terminal.stderr()).toContain('needs a key: set OPENAI_API_KEY');
  });
});
