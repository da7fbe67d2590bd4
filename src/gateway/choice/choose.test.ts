import { describe, expect, it } from 'vitest';
import { type ChoiceDeps, choose } from './choose.ts';
import type { Received } from '../received.ts';
import { openAIChatInbound } from '../../protocols/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { Price } from '../../domain/rating/price.ts';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import { jobSchema, policySchema } from '../../config/index.ts';
import { ExplorationBudget, FeatureReader, LearningService, StickyMap } from '../../routing/index.ts';
import { JobFinder } from './find-job.ts';
import { createSignals } from '../../signals/index.ts';

const clock = { nowMs: () => 0, monotonicMs: () => 0 };
const received = {
  requestId: 'req_1',
  key: { name: 'dev', customer: 'default', mayUse: () => true },
  controls: { explain: false },
} as unknown as Received;

function endpoint(id: string): Endpoint {
  return {
    id,
    modelName: 'm',
    upstreamModel: 'm',
    host: { id },
    weight: 1,
    limits: {},
    capabilities: {},
    price: undefined,
  } as unknown as Endpoint;
}

const model = { name: 'm', endpoints: [endpoint('a'), endpoint('b')], policy: policySchema.parse({}) };

const settings = jobSchema.parse({ models: ['m'], constraints: { regions: ['eu'] } });
const job = { job: 'private', versionId: 'v', settings, candidates: [model], incumbent: undefined };

function chooseFor(body: object, change: Partial<Received> = {}, known = job): ReturnType<typeof choose> {
  const head = openAIChatInbound.readHead(
    { messages: [{ role: 'user', content: 'hi' }], ...body },
    { operation: 'generate' },
  );
  if (Fault.is(head)) throw head;
  return choose({ ...received, ...change }, head, {
    catalog: { resolve: () => model, job: () => known } as unknown as ChoiceDeps['catalog'],
    signals: createSignals(clock),
    jobs: new JobFinder(),
    reader: new FeatureReader(),
    learning: new LearningService({ clock }),
    budget: new ExplorationBudget(),
    sticky: new StickyMap(clock),
    clock,
    priceOf: () => ({ price: { picosPerUnit: { input: 1n, output: 1n } } as unknown as Price }),
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

  it('is held to the demands of a job by whoever asks under them, though a model is named', () => {
    expect(chooseFor({ model: 'm' })).toMatchObject({ decision: { model: 'm' } });
    expect(chooseFor({ model: 'm' }, { under: 'private' })).toMatchObject({
      code: 'no_candidate',
      message: expect.stringContaining('region') as string,
    });
  });

  it('asks once for a copy, whatever the policy of its model', () => {
    const settled = jobSchema.parse({ models: ['m'] });
    const copy = { of: 'req_0', job: 'open', model: 'm' };
    const choice = chooseFor({ model: 'm' }, { copy }, { ...job, settings: settled });
    expect(choice).toMatchObject({ policy: { maxAttempts: 1, hedge: false, continuation: 'off' } });
  });

  it('keeps no more of a conversation than a digest, however long its name or beginning', () => {
    const long = 'x'.repeat(100_000);
    for (const body of [{ prompt_cache_key: long }, { messages: [{ role: 'system', content: long }] }]) {
      const choice = chooseFor({ model: 'm', ...body });
      expect(Fault.is(choice) || (choice.conversation?.length ?? 0)).toBeLessThan(100);
    }
  });
});
