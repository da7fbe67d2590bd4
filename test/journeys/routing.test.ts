import { readFileSync, writeFileSync } from 'node:fs';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../src/platform/random.ts';
import { type FakeUpstream, startFakeUpstream } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';
import { waitUntil } from './support/wait-until.ts';

/** Chance that a model's answer is right, by kind of work: no model is the best at everything, or at its price. */
const truth: { readonly [topic: string]: { [model: string]: number } } = {
  support: { small: 0.95, coder: 0.5, mid: 0.6, premium: 0.93 },
  code: { small: 0.3, coder: 0.96, mid: 0.6, premium: 0.93 },
  math: { small: 0.35, coder: 0.4, mid: 0.96, premium: 0.93 },
};
const topics = Object.keys(truth);
const prompts: { readonly [topic: string]: string } = {
  support: 'Where is my parcel? I ordered it last week and want a refund.',
  code: 'Write a TypeScript function that removes duplicates from an array.',
  math: 'Anna has 12 pencils and gives 4 away. How many pencils are left?',
};
/** USD per million tokens, input and output. */
const prices = { small: [0.1, 0.4], coder: [0.3, 1.2], mid: [1, 4], premium: [10, 40] } as const;

/** A host that fails is asked again so often. */
const openMs = 1000;

function configOf(one: string, two: string, smallOutput: number = prices.small[1]): string {
  const priceOf = (model: keyof typeof prices): string =>
    `price: { input: ${prices[model][0].toFixed(2)}, output: ${(model === 'small' ? smallOutput : prices[model][1]).toFixed(2)} }`;
  const endpoint = (host: string, model: keyof typeof prices): string =>
    `      - { host: ${host}, model: ${model}, ${priceOf(model)} }`;
  return `
network: { circuit: { windowMs: 2000, openMs: ${openMs} } }
hosts:
  one: { protocol: openai-chat, baseUrl: "${one}" }
  two: { protocol: openai-chat, baseUrl: "${two}" }
models:
  small:
    endpoints:
${endpoint('one', 'small')}
  coder:
    endpoints:
${endpoint('one', 'coder')}
  mid:
    endpoints:
${endpoint('one', 'mid')}
${endpoint('two', 'mid')}
  premium:
    endpoints:
${endpoint('two', 'premium')}
jobs:
${topics
  .map(
    (topic) => `  ${topic}:
    description: "${prompts[topic]}"
    models: [small, coder, mid, premium]
    value: { lowUsd: 0.01, midUsd: 0.02, highUsd: 0.05 }
    exploration: { maxShare: 0.005, usdPerDay: 1 }`,
  )
  .join('\n')}
`;
}

interface Answer {
  readonly requestId: string;
  readonly topic: string;
  readonly model: string;
  readonly host: string;
  readonly attempts: number;
  readonly costNanos: number;
}

/** A phase of traffic: what it cost per request, and how often the models that answered are right. */
interface Phase {
  readonly name: string;
  readonly answers: readonly Answer[];
}

/** Verdicts in the proportion of the truth, evenly spread: few of them are then as telling as many. */
class Verdicts {
  readonly #owed = new Map<string, number>();

  next({ topic, model }: Answer): 0 | 1 {
    const name = `${topic}/${model}`;
    const owed = (this.#owed.get(name) ?? 0.5) + (truth[topic]?.[model] ?? 0);
    this.#owed.set(name, owed >= 1 ? owed - 1 : owed);
    return owed >= 1 ? 1 : 0;
  }
}

const random = createSeededRandom(7);
const verdicts = new Verdicts();
const lateBy = 12;
const toldShare = 0.7;
const atOnce = 6;

describe('routing by what was learned', () => {
  let upstreams: readonly [FakeUpstream, FakeUpstream];
  let booted: BootedProduct;
  let client: OpenAI;
  const late: Answer[] = [];
  const phases: Phase[] = [];

  beforeAll(async () => {
    upstreams = await Promise.all([startFakeUpstream(), startFakeUpstream()]);
    for (const upstream of upstreams) {
      upstream.script('premium', 'delay=15&length=200');
      for (const model of ['small', 'coder', 'mid']) upstream.script(model, 'length=200');
    }
    booted = await bootProduct(configOf(upstreams[0].baseUrl, upstreams[1].baseUrl));
    client = new OpenAI({ baseURL: `${booted.url}/v1`, apiKey: 'unused', maxRetries: 0 });
  });
  afterAll(async () => {
    await booted?.close();
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  });

  async function ask(topic: string, model = `job/${topic}`): Promise<Answer> {
    const messages = [{ role: 'user' as const, content: `${prompts[topic] ?? ''} (${random.uint32()})` }];
    const headers = { 'x-switchyard-job': topic };
    const { response } = await client.chat.completions.create({ model, messages }, { headers }).withResponse();
    const header = (name: string): string => response.headers.get(`x-switchyard-${name}`) ?? '';
    return {
      requestId: header('request-id'),
      topic,
      model: header('model'),
      host: header('host'),
      attempts: Number(header('attempts')),
      costNanos: Number(header('cost-nanos')),
    };
  }

  /** Somebody tells, later and not always, whether the answer was right. */
  async function tellLate(answer: Answer): Promise<void> {
    late.push(answer);
    if (late.length <= lateBy) return;
    const told = late.shift();
    if (!told || random.unit() > toldShare) return;
    const value = verdicts.next(told);
    const outcome = { requestId: told.requestId, kind: 'score', value, source: 'customer' };
    expect((await booted.control('/api/v1/outcomes', outcome)).httpStatus).toBe(201);
  }

  /** Several at a time, so that the phases take seconds. */
  async function serve(name: string, count: number, model?: string): Promise<Phase> {
    const answers: Answer[] = [];
    while (answers.length < count) {
      const batch = Array.from({ length: atOnce }, (_, at) => ask(topics[at % topics.length] ?? '', model));
      answers.push(...(await Promise.all(batch)));
      for (const answer of answers.slice(-atOnce)) await tellLate(answer);
    }
    const phase = { name, answers };
    phases.push(phase);
    return phase;
  }

  it('spends less while the measured quality stays at or above that of the model it replaces', async () => {
    const before = await serve('incumbent', 30, 'premium');
    for (const model of ['small', 'coder', 'mid']) await serve(`try ${model}`, 54, model);
    const after = await serve('learned', 60);
    table(phases);
    expect(spendOf(after)).toBeLessThan(0.4 * spendOf(before));
    expect(qualityOf(after)).toBeGreaterThanOrEqual(qualityOf(before) - 0.01);
  });

  it('says why, in a sentence and in figures, and draws the same again', async () => {
    const { requestId, model } = await ask('code');
    const told = await booted.control(`/api/v1/decisions/${requestId}`);
    expect(told).toMatchObject({ httpStatus: 200, job: 'code', model, isReplayed: true });
    expect(told['summary']).toMatch(/expected success 0\.\d\d after \d+ outcomes/);
    const { candidates } = told['routing'] as { candidates: { model: string; propensity: number }[] };
    expect(candidates.map((one) => one.model)).toEqual(['small', 'coder', 'mid', 'premium']);
    expect(candidates.reduce((sum, one) => sum + one.propensity, 0)).toBeCloseTo(1, 4);
    const byDecision = await booted.control(`/api/v1/decisions/${String(told['decisionId'])}`);
    expect(byDecision['requestId']).toBe(requestId);
  });

  it('finds the job of a request that names none, and says so when it resembles none', async () => {
    const preview = (prompt: string) => booted.control(`/api/v1/routing/preview?prompt=${encodeURIComponent(prompt)}`);
    expect(await preview('I want a refund, my parcel never came.')).toMatchObject({ job: 'support', model: 'small' });
    const unknown = await preview('Compose a sonnet about the sea.');
    expect(unknown).toMatchObject({ job: null, routing: { found: 'unknown' } });
    const { data, response } = await client.chat.completions
      .create({
        model: 'auto',
        messages: [{ role: 'user', content: 'Write a TypeScript function that sorts an array' }],
      })
      .withResponse();
    expect(data.choices).toHaveLength(1);
    const told = await booted.control(`/api/v1/decisions/${response.headers.get('x-switchyard-decision')}`);
    expect(told).toMatchObject({ job: 'code', routing: { found: 'nearest' } });
  });

  it('acts on a changed price at once, without any outcome', async () => {
    expect(await mostAsked('support')).toBe('small');
    const dear = configOf(upstreams[0].baseUrl, upstreams[1].baseUrl, 4000);
    const asBefore = readFileSync(booted.configFile, 'utf8');
    writeFileSync(booted.configFile, `log: { level: silent }\ndatabase: off\n${dear}`);
    booted.product.reload();
    expect(await mostAsked('support')).not.toBe('small');
    writeFileSync(booted.configFile, asBefore);
    booted.product.reload();
    expect(await mostAsked('support')).toBe('small');
  });

  it('notices that a model became worse without a word, and moves its traffic', async () => {
    const support = truth['support'] ?? {};
    support['small'] = 0.05;
    let moved = 0;
    let asked = 0;
    for (; asked < 120 && moved < 10; asked++) {
      const answer = await ask('support');
      moved = answer.model === 'small' ? 0 : moved + 1;
      await tellLate(answer);
    }
    expect(moved).toBe(10);
    const { alarms } = (await booted.control('/api/v1/routing/learning')) as unknown as { alarms: { model: string }[] };
    expect(alarms.map(({ model }) => model)).toContain('small');
  });

  it('moves traffic off a host that fails within two seconds, and back when it has recovered', async () => {
    upstreams[0].script('mid', 'error=503');
    const failedMs = performance.now();
    let movedAfterMs = Infinity;
    let asked = 0;
    for (let settled = 0; settled < 8; asked += 1) {
      const { model, host, attempts } = await ask('math');
      if (model !== 'mid') continue;
      expect(host).toBe('two');
      if (settled === 0) movedAfterMs = performance.now() - failedMs;
      // Once a second one of them is the probe that finds the host still failing.
      settled = attempts === 1 ? settled + 1 : 0;
    }
    // A machine that answers few requests in two seconds sees as few faults, and five are needed.
    expect(movedAfterMs <= 2000 || asked <= 40, `after ${movedAfterMs} ms and ${asked} requests`).toBe(true);
    upstreams[0].script('mid', 'length=200');
    await waitUntil(async () => {
      const { host, attempts, model } = await ask('math');
      return model === 'mid' && host === 'one' && attempts === 1;
    }, 'math is answered by mid at host one again');
  });

  async function mostAsked(topic: string): Promise<string> {
    const counts = new Map<string, number>();
    for (let at = 0; at < 7; at++) {
      const { model } = await ask(topic);
      counts.set(model, (counts.get(model) ?? 0) + 1);
    }
    return [...counts].sort((left, right) => right[1] - left[1])[0]?.[0] ?? '';
  }
});

function spendOf({ answers }: Phase): number {
  return answers.reduce((sum, { costNanos }) => sum + costNanos, 0) / answers.length;
}

/** By what the models that answered are worth in truth: chance in the single answers would only blur it. */
function qualityOf({ answers }: Phase): number {
  return answers.reduce((sum, { topic, model }) => sum + (truth[topic]?.[model] ?? 0), 0) / answers.length;
}

function table(phases: readonly Phase[]): void {
  const rows = phases.map((phase) => {
    const cost = `$${((spendOf(phase) * 1000) / 1e9).toFixed(3)}`;
    return `${phase.name.padEnd(10)} ${String(phase.answers.length).padStart(8)} ${cost.padStart(12)} ${qualityOf(phase).toFixed(3).padStart(8)}`;
  });
  process.stdout.write(`\nphase      requests  per 1,000   quality\n${rows.join('\n')}\n`);
}
