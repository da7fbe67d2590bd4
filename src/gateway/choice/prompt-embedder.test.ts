import { describe, expect, it } from 'vitest';
import type { Catalog, ResolvedJob } from '../../catalog/index.ts';
import { jobSchema } from '../../config/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { openAIChatInbound } from '../../protocols/index.ts';
import { FeatureReader, featureKindOf } from '../../routing/index.ts';
import { type EmbedderDeps, PromptEmbedder } from './prompt-embedder.ts';
import type { Received } from '../received.ts';

function jobWith(constraints: object = {}): ResolvedJob {
  const settings = jobSchema.parse({ models: ['a', 'b'], constraints });
  return { job: 'reply', settings, candidates: [{}, {}] } as unknown as ResolvedJob;
}

interface World {
  readonly embedder: PromptEmbedder;
  readonly asked: string[];
  readonly timers: (() => void)[];
  pass(ms: number): void;
}

function worldWith(embed: EmbedderDeps['embed'], job = jobWith(), cacheEntries = 100): World {
  const asked: string[] = [];
  const timers: (() => void)[] = [];
  let nowMs = 0;
  const embedder = new PromptEmbedder({
    settings: { model: 'vectors', timeoutMs: 50, cacheEntries },
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    wheel: {
      after: (_, run) => {
        timers.push(run);
        return { cancel: () => undefined };
      },
    },
    catalog: () => ({ job: () => job, jobs: () => [job] }) as unknown as Catalog,
    embed(one) {
      asked.push(one.text);
      return embed(one);
    },
  });
  return { embedder, asked, timers, pass: (ms) => (nowMs += ms) };
}

function prepare({ embedder }: World, content: string, change: Partial<Received> = {}): Promise<void> | undefined {
  const asked = { model: 'job/reply', messages: [{ role: 'user', content }] };
  const head = openAIChatInbound.readHead(asked, { operation: 'generate' });
  if (Fault.is(head)) throw head;
  const received = { controls: {}, key: {}, ...change } as unknown as Received;
  return embedder.prepare(received, { asked, body: asked, bytes: Buffer.alloc(0), head });
}

const words = new FeatureReader().read('Hi');
const vector = (): Promise<number[]> => Promise.resolve([1, -2, 3]);

describe('prompts that are read by an embeddings model', () => {
  it('wait for their vector once, and are decided on by it from then on', async () => {
    const world = worldWith(vector);
    await Promise.all([prepare(world, 'Hi'), prepare(world, 'Hi')]);
    expect(prepare(world, 'Hi')).toBeUndefined();
    expect(world.asked).toEqual(['Hi']);
    const read = world.embedder.read(jobWith(), 'Hi', words);
    expect(read).toMatchObject({ kind: featureKindOf('vectors'), by: 'embedding vectors', surface: words.surface });
    expect(read.buckets).not.toEqual(words.buckets);
  });

  it('wait no longer than the timeout, and are read by their words then; what comes late is kept', async () => {
    let answer: (vector: number[]) => void = () => undefined;
    const world = worldWith(() => new Promise((resolve) => (answer = resolve)));
    const waiting = prepare(world, 'Hi');
    expect(world.timers).toHaveLength(1);
    world.timers[0]?.();
    await waiting;
    expect(world.embedder.read(jobWith(), 'Hi', words)).toEqual({ ...words, by: 'words (no vector in time)' });
    answer([1, 2]);
    await expect.poll(() => world.embedder.read(jobWith(), 'Hi', words).by).toBe('embedding vectors');
  });

  it('are read by their words while the model fails, and it is left alone for a while', async () => {
    const world = worldWith(() => Promise.resolve(new Fault('upstream_error')));
    for (let at = 0; at < 5; at++) await prepare(world, `Prompt ${at}`);
    expect(prepare(world, 'Another')).toBeUndefined();
    expect(world.embedder.read(jobWith(), 'Another', words).by).toBe('words (no vector in time)');
    world.pass(10_001);
    await prepare(world, 'Another');
    expect(world.asked).toHaveLength(6);
  });

  it('go nowhere when their job says where they may go', () => {
    for (const constraints of [{ regions: ['eu'] }, { dataPolicy: 'no-retention' }]) {
      const job = jobWith(constraints);
      const world = worldWith(vector, job);
      expect(prepare(world, 'Hi')).toBeUndefined();
      expect(world.embedder.read(job, 'Hi', words).by).toBe('words (the job says where its prompts may go)');
      expect(world.asked).toEqual([]);
    }
  });

  it('are not looked at where nothing is to be chosen, nor for copies', () => {
    const single = { ...jobWith(), candidates: [{}] } as unknown as ResolvedJob;
    expect(prepare(worldWith(vector, single), 'Hi')).toBeUndefined();
    const copy = { of: 'req_1', job: 'reply', model: 'a' };
    expect(prepare(worldWith(vector), 'Hi', { copy })).toBeUndefined();
  });

  it('are remembered up to a bound, the latest used ones', async () => {
    const world = worldWith(vector, jobWith(), 64);
    for (let at = 0; at < 70; at++) await prepare(world, `Prompt ${at}`);
    expect(prepare(world, 'Prompt 69')).toBeUndefined();
    expect(prepare(world, 'Prompt 0')).toBeInstanceOf(Promise);
  });

  it('send only the ends of a long text', async () => {
    const world = worldWith(vector);
    await prepare(world, `${'a'.repeat(5000)}${'b'.repeat(5000)}`);
    expect(world.asked[0]).toHaveLength(4001);
  });
});
