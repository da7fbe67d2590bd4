import { describe, expect, it } from 'vitest';
import type { ResolvedModel } from '../catalog/index.ts';
import { policySchema } from '../config/index.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import { Fault } from '../domain/fault.ts';
import { openAIChatInbound } from '../protocols/index.ts';
import { ExplorationBudget, LearningService, StickyMap } from '../routing/index.ts';
import { createSignals } from '../signals/index.ts';
import { unknownJobTerms } from './job-terms.ts';
import type { RolloutAssignment } from './rollout-port.ts';
import { routeBySide, type SidedRoute } from './route-by-side.ts';

const clock = { nowMs: () => 0, monotonicMs: () => 0 };

function model(name: string): ResolvedModel {
  const endpoint = {
    id: `host/${name}`,
    modelName: name,
    upstreamModel: name,
    host: { id: 'host' },
    weight: 1,
    limits: {},
    capabilities: {},
    price: undefined,
  } as unknown as Endpoint;
  return { name, endpoints: [endpoint], policy: policySchema.parse({}), fallback: [] } as unknown as ResolvedModel;
}

function route(arm: RolloutAssignment['arm'], names: readonly string[], jobName = 'reply'): SidedRoute {
  const body = { model: 'job/reply', messages: [{ role: 'user', content: 'hi' }] };
  const head = openAIChatInbound.readHead(body, { operation: 'generate' });
  if (Fault.is(head)) throw head;
  return routeBySide(
    {
      requestId: 'req_1',
      key: 'dev',
      head,
      job: { name: jobName, found: 'named' },
      terms: unknownJobTerms,
      models: names.map(model),
      conversation: undefined,
      needsPrice: false,
      features: () => undefined,
    },
    'unit',
    {
      clock,
      signals: createSignals(clock),
      learning: new LearningService({ clock }),
      budget: new ExplorationBudget(),
      sticky: new StickyMap(clock),
      priceOf: () => ({ price: undefined }),
      rollouts: {
        assign: () => ({ rolloutId: 'rol_1', candidate: 'new', arm, propensity: 0.25 }),
        answered: () => undefined,
      },
    },
  );
}

function rankedOf({ decided }: SidedRoute): readonly string[] {
  if (Fault.is(decided)) throw decided;
  return decided.ranked.map(({ modelName }) => modelName);
}

describe('a job with a rollout', () => {
  it('asks the candidate first on its side, and the others when it cannot answer', () => {
    const routed = route('candidate', ['old', 'new']);
    expect(rankedOf(routed)).toEqual(['new', 'old']);
    expect(routed.rollout).toMatchObject({ arm: 'candidate', propensity: 0.25 });
  });

  it('never asks the candidate on the other side', () => {
    expect(rankedOf(route('incumbent', ['old', 'new', 'other']))).not.toContain('new');
  });

  it('is routed as ever when the key may use one side only, or the job is unknown', () => {
    expect(route('candidate', ['new']).rollout).toBeUndefined();
    expect(route('candidate', ['old', 'other']).rollout).toBeUndefined();
    expect(route('candidate', ['old', 'new'], '').rollout).toBeUndefined();
  });
});
