import { describe, expect, it } from 'vitest';
import { type ChoiceDeps, choose } from './choose.ts';
import type { Received } from './received.ts';
import { openAIChatInbound } from '../protocols/index.ts';
import { Fault } from '../domain/fault.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import { policySchema } from '../config/index.ts';
import { ExplorationBudget, FeatureReader, LearningService, StickyMap } from '../routing/index.ts';
import { JobFinder } from './find-job.ts';
import { createSignals } from '../signals/index.ts';

const clock = { nowMs: () => 0, monotonicMs: () => 0 };
const received = {
  requestId: 'req_1',
  key: { name: 'dev', customer: 'default', mayUse: () => true },
  controls: { explain: false },
} as unknown as Received;

function endpoint(id: string): Endpoint {
  return { id, modelName: 'm', weight: 1, limits: {}, capabilities: {}, price: undefined } as unknown as Endpoint;
}

const model = { name: 'm', endpoints: [endpoint('a'), endpoint('b')], policy: policySchema.parse({}) };

function chooseFor(body: object): ReturnType<typeof choose> {
  const head = openAIChatInbound.readHead(
    { messages: [{ role: 'user', content: 'hi' }], ...body },
    { operation: 'generate' },
  );
  if (Fault.is(head)) throw head;
  return choose(received, head, {
    catalog: { resolve: () => model } as unknown as ChoiceDeps['catalog'],
    signals: createSignals(clock),
    jobs: new JobFinder(),
    reader: new FeatureReader(),
    learning: new LearningService({ clock }),
    budget: new ExplorationBudget(),
    sticky: new StickyMap(clock),
    clock,
    priceOf: () => ({ price: undefined }),
    isHardLimited: () => false,
    promptText: () => 'hi',
  });
}

describe('the choice of endpoints', () => {
  it('knows no model whose name is half a surrogate pair', () => {
    expect(chooseFor({ model: 'gemini/\ud83d' })).toMatchObject({ code: 'model_unknown', param: 'model' });
    expect(chooseFor({ model: 'gemini/😀' })).toMatchObject({ decision: { model: 'm' } });
  });

  it('knows no model whose name is longer than any', () => {
    expect(chooseFor({ model: `gemini/${'x'.repeat(1000)}` })).toMatchObject({ code: 'model_unknown' });
  });

  it('keeps no more of a conversation than a digest, however long its name or beginning', () => {
    const long = 'x'.repeat(100_000);
    for (const body of [{ prompt_cache_key: long }, { messages: [{ role: 'system', content: long }] }]) {
      const choice = chooseFor({ model: 'm', ...body });
      expect(Fault.is(choice) || (choice.conversation?.length ?? 0)).toBeLessThan(100);
    }
  });
});
