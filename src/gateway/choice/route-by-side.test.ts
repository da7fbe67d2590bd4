import { describe, expect, it } from 'vitest';
import type { ResolvedJob, ResolvedModel } from '../../catalog/index.ts';
import { jobSchema, policySchema } from '../../config/index.ts';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { openAIChatInbound } from '../../protocols/index.ts';
import { ExplorationBudget, LearningService, StickyMap } from '../../routing/index.ts';
import { createSignals, type Signals } from '../../signals/index.ts';
import { type JobTerms, unknownJobTerms } from './job-terms.ts';
import type { RolloutAssignment } from './rollout-port.ts';
import { routeBySide, type SidedRoute } from './route-by-side.ts';

const clock = { nowMs: () => 0, monotonicMs: () => 0 };

function model(name: string, hosts: readonly string[] = ['host'], capabilities = {}): ResolvedModel {
  const endpoints = hosts.map(
    (host) =>
      ({
        id: `${host}/${name}`,
        modelName: name,
        upstreamModel: name,
        host: { id: host },
        weight: 1,
        limits: {},
        capabilities,
        price: undefined,
      }) as unknown as Endpoint,
  );
  return { name, endpoints, policy: policySchema.parse({}), fallback: [] } as unknown as ResolvedModel;
}

function route(
  arm: RolloutAssignment['arm'],
  names: readonly string[],
  change: {
    jobName?: string;
    assignment?: Partial<RolloutAssignment>;
    models?: ResolvedModel[];
    down?: string;
    barred?: string;
    terms?: JobTerms;
    resolvedJob?: ResolvedJob;
  } = {},
): SidedRoute {
  const { jobName = 'reply' } = change;
  const body = { model: 'job/reply', messages: [{ role: 'user', content: 'hi' }] };
  const head = openAIChatInbound.readHead(body, { operation: 'generate' });
  if (Fault.is(head)) throw head;
  return routeBySide(
    {
      requestId: 'req_1',
      key: 'dev',
      head,
      job: { name: jobName, found: 'named' },
      terms: change.terms ?? unknownJobTerms,
      models: change.models ?? names.map((name) => model(name)),
      conversation: undefined,
      needsPrice: false,
      features: () => undefined,
      resolvedJob: change.resolvedJob,
      unit: 'unit',
      candidate: (name) => (name === 'unlisted' ? model('unlisted') : undefined),
    },
    {
      clock,
      signals: signalsWith(change.down),
      learning: new LearningService({ clock }),
      budget: new ExplorationBudget(),
      sticky: new StickyMap(clock),
      priceOf: () => ({ price: undefined }),
      rollouts: {
        assign: () => ({
          rolloutId: 'rol_1',
          kind: 'model',
          candidate: 'new',
          unit: 'unit',
          arm,
          propensity: 0.25,
          ...change.assignment,
        }),
        prompt: () => undefined,
        barred: () => new Set(change.barred === undefined ? [] : [change.barred]),
        answered: () => undefined,
      },
    },
  );
}

/** Signals by which the circuit of one endpoint is open. */
function signalsWith(down: string | undefined): Signals {
  const signals = createSignals(clock);
  const failing: Signals = {
    ...signals,
    of: (id) =>
      id === down
        ? Object.assign(Object.create(signals.of(id)) as ReturnType<Signals['of']>, {
            availability: () => ({ state: 'open', untilMs: 1000 }) as const,
            health: () => signals.of('other').health(0),
          })
        : signals.of(id),
  };
  return failing;
}

function rankedOf({ decided }: SidedRoute): readonly string[] {
  if (Fault.is(decided)) throw decided;
  return decided.decision.ranked.map(({ modelName }) => modelName);
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

  it('keeps the assignment of a candidate that is down, on either side: that is what is to be found out', () => {
    const models = [model('old'), model('new')];
    const taken = route('candidate', [], { models, down: 'host/new' });
    expect(rankedOf(taken)).toEqual(['old']);
    expect(taken.rollout).toMatchObject({ arm: 'candidate', isUnable: true });
    expect(route('incumbent', [], { models, down: 'host/new' }).rollout).toMatchObject({ isUnable: false });
  });

  it('leaves requests out that the candidate is not meant for, whichever side was drawn', () => {
    const models = [model('old', ['host'], { tools: true }), model('new', ['host'], { tools: false })];
    const terms = { ...unknownJobTerms, demands: { ...unknownJobTerms.demands, capabilities: ['tools'] as const } };
    for (const arm of ['incumbent', 'candidate'] as const) {
      const routed = route(arm, [], { models, terms });
      expect(rankedOf(routed)).toEqual(['old']);
      expect(routed.rollout).toBeUndefined();
    }
  });

  it('brings in a candidate that it does not list, and keeps out what an earlier rollout did not let in', () => {
    expect(rankedOf(route('candidate', ['old'], { assignment: { candidate: 'unlisted' } }))).toEqual([
      'unlisted',
      'old',
    ]);
    expect(rankedOf(route('incumbent', ['old', 'bad', 'new'], { barred: 'bad' }))).toEqual(['old']);
  });

  it('compares hosts of one model: its side goes there first, the other one never', () => {
    const models = [model('mid', ['one', 'two'])];
    const assignment = { kind: 'host', candidate: 'two', model: 'mid' } as const;
    const idsOf = ({ decided }: SidedRoute): readonly string[] => {
      if (Fault.is(decided)) throw decided;
      return decided.decision.ranked.map(({ id }) => id);
    };
    const taken = route('candidate', [], { models, assignment });
    expect(idsOf(taken)).toEqual(['two/mid', 'one/mid']);
    expect([...(taken.rollout?.endpoints ?? [])]).toEqual(['two/mid']);
    expect(idsOf(route('incumbent', [], { models, assignment }))).toEqual(['one/mid']);
  });

  it('compares hosts only where the model would answer on both sides', () => {
    const [good, bare] = [model('mid', ['one'], { tools: true }), model('mid', ['two'], { tools: false })];
    const models = [
      { ...good, endpoints: [...good.endpoints, ...bare.endpoints] },
      model('zoo', ['host'], { tools: true }),
    ];
    const terms = { ...unknownJobTerms, demands: { ...unknownJobTerms.demands, capabilities: ['tools'] as const } };
    const assignment = { kind: 'host', candidate: 'two', model: 'mid' } as const;
    const kept = route('incumbent', [], { models, assignment, terms });
    expect(rankedOf(kept)[0]).toBe('mid');
    expect(kept.rollout).toBeUndefined();
    expect(route('candidate', [], { models, assignment, terms }).rollout).toBeUndefined();
    expect(route('incumbent', [], { models, assignment }).rollout).toBeDefined();
  });

  it('compares settings: its side is routed by the other ones', () => {
    const [cheap, dear] = [model('cheap'), model('dear')];
    const settings = jobSchema.parse({ models: ['cheap', 'dear'], constraints: { capabilities: ['tools'] } });
    const models = [{ ...cheap, endpoints: model('cheap', ['host'], { tools: false }).endpoints }, dear];
    const resolvedJob: ResolvedJob = {
      job: 'reply',
      versionId: 'v',
      settings,
      candidates: models,
      incumbent: undefined,
    };
    const assignment = { kind: 'policy', candidate: 'strict', settings } as const;
    const taken = route('candidate', [], { models, assignment, resolvedJob });
    expect(rankedOf(taken)[0]).toBe('dear');
    expect(taken.rollout).toMatchObject({ arm: 'candidate', endpoints: undefined });
    expect(rankedOf(route('incumbent', [], { models, assignment, resolvedJob }))).toContain('cheap');
    expect(route('candidate', [], { models, assignment }).rollout).toBeUndefined();
  });

  it('asks no fallback of a critical job with a floor that nobody held against it', () => {
    const fallback = model('untested').endpoints;
    const own = model('old');
    const models = [{ ...own, endpoints: [...own.endpoints, ...fallback] }];
    const critical = { ...unknownJobTerms.policy, critical: true, floor: { incumbent: 'old', margin: 0.02 } };
    const routed = (policy: JobTerms['policy']): readonly string[] =>
      rankedOf(route('incumbent', [], { models, terms: { ...unknownJobTerms, policy } }));
    expect(routed(unknownJobTerms.policy)).toEqual(['old', 'untested']);
    expect(routed(critical)).toEqual(['old']);
  });

  it('is routed as ever when the key may use one side only, or the job is unknown', () => {
    expect(route('candidate', ['new']).rollout).toBeUndefined();
    expect(route('candidate', ['old', 'other']).rollout).toBeUndefined();
    expect(route('candidate', ['old', 'new'], { jobName: '' }).rollout).toBeUndefined();
  });
});
