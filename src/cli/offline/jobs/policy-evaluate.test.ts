import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestTerminal, type TestTerminal } from '../../../../test/cli/test-terminal.ts';
import { systemClock } from '../../../platform/clock.ts';
import { main } from '../../index.ts';
import { routedFacts, writeJournal } from '../testing/routed-journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-policy-'));
const policy = join(folder, 'policy.yaml');
const config = join(folder, 'switchyard.yaml');

beforeAll(async () => {
  const endMs = systemClock.nowMs();
  writeFileSync(policy, 'jobs:\n  support: { models: [cheap], value: { lowUsd: 0.5, midUsd: 1, highUsd: 2 } }\n');
  writeFileSync(config, '{}\n');
  await writeJournal(join(folder, 'explored', 'journal'), routedFacts({ count: 900, endMs, explored: 0.3 }));
  await writeJournal(join(folder, 'greedy', 'journal'), routedFacts({ count: 300, endMs, explored: 0 }));
  const rollout = { id: 'rollout_1', arm: 'incumbent' as const, propensity: 0.9 };
  const divided = routedFacts({ count: 300, endMs, explored: 0.3 });
  await writeJournal(
    join(folder, 'divided', 'journal'),
    divided.map((fact) => (fact.type === 'decision' ? { ...fact, rollout } : fact)),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(data: string, ...words: string[]): Promise<[number, TestTerminal]> {
  const terminal = createTestTerminal({});
  const all = ['policy', 'evaluate', '--candidate', policy, '--config', config, '--data', join(folder, data), ...words];
  return [await main(all, terminal), terminal];
}

describe('switchyard policy evaluate', () => {
  it('tells value, success, cost and latency of another policy with the difference to the logged one', async () => {
    const [code, terminal] = await run('explored');
    expect(terminal.stderr()).toBe('');
    expect(code).toBe(0);
    const text = terminal.stdout();
    expect(text).toMatch(/900 decisions, 900 with an outcome; [0-9]+ would change/);
    expect(text).toMatch(/success +0\.8[0-9]+ +0\.[67][0-9]+ +-0\.[0-9]+ +-0\.[0-9]+ to -0\.[0-9]+/);
    expect(text).toMatch(/cost per request +\$0\.00[0-9]+ +\$0\.0010/);
    expect(text).toContain('estimated: the candidate is worse in value');
    expect(text).toContain('prompt length to 1k tokens');
  });

  it('answers JSON with the effective size of each segment', async () => {
    const [code, terminal] = await run('explored', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(terminal.stdout())).toMatchObject({
      isConclusive: true,
      all: { requests: 900, refusals: [] },
      segments: [{ segment: 'job support' }, { segment: 'prompt length to 1k tokens' }],
    });
  });

  it('writes a difference of nothing as nothing, without a sign or a power of ten', async () => {
    const same = join(folder, 'same.yaml');
    writeFileSync(same, 'jobs:\n  support: { models: [strong], value: { lowUsd: 0.5, midUsd: 1, highUsd: 2 } }\n');
    const terminal = createTestTerminal({});
    const data = join(folder, 'greedy');
    await main(['policy', 'evaluate', '--candidate', same, '--config', config, '--data', data], terminal);
    expect(terminal.stdout()).toMatch(/cost per request +\$0\.0100 +\$0\.0100 +\$0\.00 +\$0\.00 to \$0\.00/);
    expect(terminal.stdout()).not.toMatch(/e-\d|-0\.000|-\$0\.00\b/);
  });

  it('values a policy that keeps the cascade by its draws, and refuses one that changes it', async () => {
    const cascade = 'cascade: { models: [cheap, strong], verifier: schema }';
    const kept = join(folder, 'with-cascade.yaml');
    writeFileSync(kept, `jobs:\n  support: { models: [cheap, strong], ${cascade} }\n`);
    const terminal = createTestTerminal({});
    const words = ['policy', 'evaluate', '--candidate', kept, '--data', join(folder, 'explored')];
    expect(await main([...words, '--config', kept], terminal)).toBe(0);
    expect(terminal.stdout()).toContain('job support keeps its cascade as it was logged');
    expect(await main([...words, '--config', config], terminal)).toBe(1);
    expect(terminal.stderr()).toContain('the cascade of job support is not the one it has');
  });

  it('refuses to conclude where the log never tried it, with the reason and exit code 1', async () => {
    const [code, terminal] = await run('greedy');
    expect(code).toBe(1);
    expect(terminal.stdout()).toContain(
      'no conclusion: 300 of 300 requests would go to cheap, which the log never tries',
    );
  });

  it('refuses to conclude from a window that a rollout divided, in plain words', async () => {
    const [code, terminal] = await run('divided');
    expect(code).toBe(1);
    expect(terminal.stdout()).toContain('no conclusion: 300 of 300 requests were divided by a rollout');
  });

  it('tells a policy file that says nothing of the job, and one that is wrong', async () => {
    const [code, terminal] = await run('explored', '--job', 'other');
    expect(code).toBe(1);
    expect(terminal.stderr()).toContain('has no settings of job other');
    writeFileSync(join(folder, 'wrong.yaml'), 'jobs: { support: { models: [] } }\n');
    const wrong = createTestTerminal({});
    expect(await main(['policy', 'evaluate', '--candidate', join(folder, 'wrong.yaml')], wrong)).toBe(1);
    expect(wrong.stderr()).toContain('wrong.yaml:1:');
  });
});
