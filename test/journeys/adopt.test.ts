import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import type { Client, Rollout } from '../../src/sdk/index.ts';
import { openTestDatabase, type TestDatabase } from '../../src/storage/testing/open-test-database.ts';
import { createTestTerminal } from '../cli/test-terminal.ts';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct, rebootProduct } from './support/boot-product.ts';
import { databaseOpened, ownerClient } from './support/owner-client.ts';
import { waitUntil } from './support/wait-until.ts';

/** Chance that an answer of each model is right. Each of them answers with its own name. */
const truth: { readonly [model: string]: number } = {
  old: 0.75,
  better: 0.99,
  worse: 0.3,
  unsure: 0.75,
  breaking: 0.98,
  slow: 0.9,
};
const models = Object.keys(truth);
const jobs = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];

function configOf(baseUrl: string): string {
  const model = (name: string): string =>
    `  ${name}: { endpoints: [{ host: one, model: ${name}, price: { input: ${name === 'old' ? '10.00' : '1.00'}, output: ${name === 'old' ? '40.00' : '4.00'} } }] }`;
  return `
database: env:JOURNEY_DATABASE_URL
customers: [{ name: shop }]
hosts:
  one: { protocol: openai-chat, baseUrl: "${baseUrl}" }
models:
${models.map(model).join('\n')}
jobs:
${jobs.map((job) => `  ${job}: { models: [old] }`).join('\n')}
`;
}

/** A grader of the operator's own: right or not is settled by the question and the model that answered. */
function startGrader(): Promise<Server> {
  const server = createServer((asked, answer) => {
    const chunks: Buffer[] = [];
    asked.on('data', (chunk: Buffer) => chunks.push(chunk));
    asked.on('end', () => {
      const { answer: given, expected } = JSON.parse(Buffer.concat(chunks).toString()) as {
        answer: { text: string };
        expected: unknown;
      };
      const score = Number(placeOf(JSON.stringify(expected) + given.text) < (truth[given.text] ?? 0));
      answer.end(JSON.stringify({ score }));
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** A number from 0 to 1 that depends on nothing but the text. */
function placeOf(text: string): number {
  let hash = 2_166_136_261;
  for (const character of text) hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39) >>> 0;
  return ((hash ^ (hash >>> 15)) >>> 0) / 0x1_0000_0000;
}

let opened: TestDatabase;
let upstream: FakeUpstream;
let grader: Server;
let booted: BootedProduct;
let owner: Client;
let asked = 0;

beforeAll(async () => {
  [opened, upstream, grader] = await Promise.all([openTestDatabase(), startFakeUpstream(), startGrader()]);
  for (const model of models) upstream.script(model, `reply=${model}`);
  booted = await bootProduct(configOf(upstream.baseUrl), { JOURNEY_DATABASE_URL: opened.url });
  owner = ownerClient(booted);
  await databaseOpened(booted, 'shop');
}, 120_000);
afterAll(async () => {
  await booted?.close();
  await upstream?.close();
  grader?.close();
  await opened?.close();
});

function graderUrl(): string {
  return `http://127.0.0.1:${(grader.address() as AddressInfo).port}/grade`;
}

/** The model that answered one request of a job. */
async function ask(job: string): Promise<string> {
  const client = new OpenAI({ baseURL: `${booted.url}/v1`, apiKey: 'unused', maxRetries: 0 });
  const content = `Question ${asked++}`;
  const call = client.chat.completions.create({ model: `job/${job}`, messages: [{ role: 'user', content }] });
  return (await call.withResponse()).response.headers.get('x-switchyard-model') ?? '';
}

/** Traffic until something is settled. */
async function during<Value>(job: string, work: Promise<Value>): Promise<Value> {
  let isOver = false;
  const settled = work.finally(() => {
    isOver = true;
  });
  settled.catch(() => undefined);
  // Grading the items needs no traffic.
  await waitUntil(async () => isOver || (await owner.rollouts.list({ job })).data.length > 0, 'it has begun', 90_000);
  while (!isOver) await ask(job);
  return settled;
}

function itemsFile(count: number): string {
  const file = join(booted.directory, `items-${count}.jsonl`);
  const items = Array.from({ length: count }, (_, at) => ({
    id: `n${at}`,
    prompt: `${at}`,
    expected: { http: { at } },
  }));
  writeFileSync(file, items.map((item) => JSON.stringify(item)).join('\n'));
  return file;
}

async function adopt(line: string): Promise<{ code: number; out: string }> {
  const terminal = createTestTerminal({
    SWITCHYARD_OWNER_TOKEN: booted.product.ownerToken,
    SWITCHYARD_URL: booted.url,
  });
  const code = await main(['models', 'adopt', ...line.split(' ')], terminal);
  return { code, out: terminal.stdout() + terminal.stderr() };
}

async function ended(id: string): Promise<Rollout> {
  await waitUntil(
    async () => ['promoted', 'rolled_back', 'needs_more'].includes((await owner.rollouts.get(id)).stage),
    'it ends',
    90_000,
  );
  return owner.rollouts.get(id);
}

function callsOf(model: string): number {
  return upstream.stats().recent.filter(({ bodyText }) => bodyText.includes(`"${model}"`)).length;
}

describe('a new model', () => {
  it('that is better and cheaper is promoted: items, copies, a growing share, with one file of evidence', async () => {
    const evidence = join(booted.directory, 'evidence.md');
    const line = `better --job alpha --items ${itemsFile(40)} --max-usd 5 --grader ${graderUrl()} --shadow 5 --min-requests 3 --step-seconds 0 --wait --evidence ${evidence}`;
    const { code, out } = await during('alpha', adopt(line));
    expect([code, out]).toEqual([0, expect.stringMatching(/promoted: carried by (offline|shadow|live) evidence/)]);
    const text = readFileSync(evidence, 'utf8');
    expect(text).toMatch(/^# better\n\n- alpha: promoted: carried by/);
    const data = JSON.parse(/```json\n(.*)\n```/s.exec(text)?.[1] ?? '') as {
      jobs: {
        stage: string;
        evidence: { events: { stage: string; share: number }[]; shadow: { copies: number; spentNanos: string } };
      }[];
    };
    const [job] = data.jobs;
    expect(job?.evidence.events.map(({ stage, share }) => `${stage} ${share}`)).toEqual([
      'offline 0',
      'shadow 0',
      'canary 0.05',
      'canary 0.25',
      'canary 1',
      'promoted 1',
    ]);
    expect(job?.evidence.shadow.copies).toBeGreaterThanOrEqual(5);
    expect(BigInt(job?.evidence.shadow.spentNanos ?? 0)).toBeGreaterThan(0n);
    expect(await ask('alpha')).toBe('better');
  }, 120_000);

  it('that is worse is rejected before any customer gets an answer of it', async () => {
    const answers: string[] = [];
    const line = `worse --job beta --items ${itemsFile(60)} --max-usd 5 --grader ${graderUrl()} --wait`;
    const { code, out } = await adopt(line);
    for (let request = 0; request < 5; request++) answers.push(await ask('beta'));
    expect([code, out]).toEqual([
      1,
      expect.stringContaining('rolled back: the candidate is worse by more than 2.0 points'),
    ]);
    expect(answers).toEqual(Array.from({ length: 5 }, () => 'old'));
  }, 120_000);

  it('that is neither gets "needs N more", and no traffic', async () => {
    const items = Array.from({ length: 40 }, (_, at) => ({ prompt: `${at}`, expected: { http: { at } } }));
    const run = await owner.evals.create({
      job: 'gamma',
      candidates: ['old', 'unsure'],
      items,
      maxNanos: '5000000000',
      graderUrl: graderUrl(),
    });
    await waitUntil(async () => (await owner.evals.get(run.id)).finishedAtMs !== null, 'the items are graded');
    const made = await owner.rollouts.create({ job: 'gamma', candidate: 'unsure', evalId: run.id, maxStageMs: 1_000 });
    const rollout = await ended(made.id);
    expect([rollout.stage, rollout.share]).toEqual(['needs_more', 0]);
    expect(rollout.verdict).toMatch(/^needs (about \d+ more pairs|more pairs)/);
    expect(await ask('gamma')).toBe('old');
  }, 120_000);

  it('[proof 30] that breaks in its canary is rolled back within seconds, and every request is answered', async () => {
    const rules = { shares: [0.5, 1], minRequests: 10_000, minPairs: 0, shadow: { minPairs: 0 } };
    const made = await owner.rollouts.create({ job: 'delta', candidate: 'breaking', ...rules });
    upstream.script('breaking', 'error=500');
    const startedMs = performance.now();
    const rollout = await during('delta', ended(made.id));
    expect(performance.now() - startedMs).toBeLessThan(60_000);
    expect(rollout).toMatchObject({ stage: 'rolled_back', verdict: 'the guard of errors was crossed' });
    expect(rollout.text).toMatch(/candidate: \d+ answers, .* (\d+) errors \(\1 of them answered by the other side\)/);
    expect(await ask('delta')).toBe('old');
  }, 120_000);

  it('[proof 29] delays nobody while its copies are slow or missing, and missing ones are counted', async () => {
    const delayMs = 6_000;
    upstream.script('slow', `delay=${delayMs}&reply=slow`);
    const made = await owner.rollouts.create({
      job: 'epsilon',
      candidate: 'slow',
      minPairs: 0,
      shadow: { minPairs: 10_000 },
    });
    await waitUntil(async () => (await owner.rollouts.get(made.id)).stage === 'shadow', 'it is in its shadow');
    const before = callsOf('slow');
    await waitUntil(async () => {
      await ask('epsilon');
      return callsOf('slow') > before;
    }, 'copies are made');
    const startedMs = performance.now();
    for (let request = 0; request < 12; request++) expect(await ask('epsilon')).toBe('old');
    expect(performance.now() - startedMs).toBeLessThan(delayMs);
    const seen = async (what: 'copies' | 'missing'): Promise<boolean> =>
      ((await owner.rollouts.get(made.id)).evidence['shadow'] as { copies: number; missing: number })[what] > 0;
    upstream.script('slow', 'reply=slow');
    await during(
      'epsilon',
      waitUntil(() => seen('copies'), 'copies came back'),
    );
    upstream.script('slow', 'error=500');
    await during(
      'epsilon',
      waitUntil(() => seen('missing'), 'others did not'),
    );
    await owner.rollouts.rollback(made.id);
  }, 120_000);

  it('stays where it was, and jobs of the control API with it, when the next start finds no database', async () => {
    await owner.jobs.set('made', { models: ['old', 'worse'], floor: { incumbent: 'old' } });
    await waitUntil(async () => (await ask('made').catch(() => '')) === 'old', 'the job is known');
    const kept = join(booted.directory, 'data', 'jobs.json');
    await waitUntil(() => existsSync(kept) && readFileSync(kept, 'utf8').includes('made'), 'it is on the disk');
    booted = await rebootProduct(booted, { JOURNEY_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' });
    expect(await ask('alpha')).toBe('better');
    expect(await ask('delta')).toBe('old');
    expect(await ask('made')).toBe('old');
  }, 120_000);
});
