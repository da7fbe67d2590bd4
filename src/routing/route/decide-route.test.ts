import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { createSeededRandom } from '../../platform/random.ts';
import { encodeFeatures } from '../features/feature-text.ts';
import { FeatureReader } from '../features/feature-reader.ts';
import { LearningService } from '../learning/learning-service.ts';
import { decideRoute, type RoutedDecision } from './decide-route.ts';
import { explainRoute, summarise } from './explain-route.ts';
import { redraw } from './redraw.ts';
import type { RouteCandidate, RouteEndpoint, RouteInput } from './route-input.ts';

const clock = { nowMs: () => 1_000_000, monotonicMs: () => 0 };
const models = ['small', 'mid', 'large'];
const job = { name: 'support', versionId: 'support@1', found: 'named' } as const;

function endpoint(id: string, changes: Partial<RouteEndpoint> = {}): RouteEndpoint {
  return { id, price: { input: 100, output: 400 }, weight: 1, okShare: 0.97, ...changes };
}

function inputOf(changes: Partial<RouteInput> = {}): RouteInput {
  return {
    job,
    inputTokens: 100,
    policy: { costWeight: 1, critical: false, valueNanos: 1e7 },
    candidates: models.map((model) => ({ model, endpoints: [endpoint(`${model}/1`)] })),
    seed: 5,
    ...changes,
  };
}

function outcomes(): OutcomeFact[] {
  const random = createSeededRandom(1);
  return Array.from({ length: 60 }, (_, at) => ({
    type: 'outcome',
    requestId: `r${at}`,
    atMs: 900_000 + at,
    kind: 'score',
    source: 't',
    job: 'support',
    model: models[at % 3] ?? '',
    value: random.unit() < 0.9 - 0.3 * (at % 3) ? 1 : 0,
    key: `k${at % 4}`,
  }));
}

function learned(): LearningService {
  const learning = new LearningService({ clock });
  learning.replaying(true);
  for (const fact of outcomes()) learning.note(fact);
  learning.replaying(false);
  return learning;
}

function decided(input: RouteInput, learning = learned()): RoutedDecision {
  const decision = decideRoute(learning.state, input);
  if (Fault.is(decision)) throw decision;
  return decision;
}

describe('a routed decision', () => {
  it('is the same byte for byte in another process, from the same outcomes, input and seed', () => {
    const features = encodeFeatures(new FeatureReader().read('where is my parcel?'));
    const policy = { ...inputOf().policy, exploration: { gamma: 5, epsilon: 0.02, allowanceNanos: 1e9 } };
    const inputs = Array.from({ length: 20 }, (_, seed) => inputOf({ seed, features, policy }));
    const { state } = learned();
    const here = JSON.stringify(inputs.map((input) => decideRoute(state, input)));
    const program = `
      import { decideRoute, LearningService } from '${new URL('../index.ts', import.meta.url).href}';
      const { facts, inputs } = JSON.parse(process.argv.at(-1));
      const learning = new LearningService({ clock: { nowMs: () => 1_000_000, monotonicMs: () => 0 } });
      learning.replaying(true);
      for (const fact of facts) learning.note(fact);
      learning.replaying(false);
      process.stdout.write(JSON.stringify(inputs.map((input) => decideRoute(learning.state, input))));
    `;
    const told = JSON.stringify({ facts: outcomes(), inputs });
    const there = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program, told], {
      encoding: 'utf8',
    });
    expect(there).toBe(here);
  });

  it('takes the luck of a young job for skill only where others are tried', () => {
    const young: OutcomeFact[] = ['small', 'mid'].flatMap((model) =>
      Array.from({ length: 6 }, (_, at) => ({
        type: 'outcome',
        requestId: `young ${model} ${at}`,
        atMs: 900_000,
        kind: 'score',
        source: 't',
        job: 'returns',
        model,
        value: model === 'mid' || at % 2 === 0 ? 1 : 0,
        key: `k${at}`,
      })),
    );
    const learning = learned();
    for (const fact of young) learning.note(fact);
    const by = (changes: Partial<RouteInput['policy']>): string =>
      decided(inputOf({ job: { ...job, name: 'returns' }, policy: { ...inputOf().policy, ...changes } }), learning)
        .model;
    const exploration = { gamma: Number.POSITIVE_INFINITY, epsilon: 0, allowanceNanos: 0 };
    expect(by({})).toBe('small');
    expect(by({ exploration })).toBe('mid');
    expect(by({ exploration, critical: true })).toBe('small');
  });

  it('never ranks what is excluded, whatever is learned, asked and drawn; its propensities sum to one', () => {
    const { state } = learned();
    const states = fc.constantFrom<Partial<RouteEndpoint>>(
      {},
      { excluded: 'its circuit is open for 3 s' },
      { later: 'rate limited for 1 s' },
      { price: undefined },
    );
    const candidates = fc.array(fc.array(states, { maxLength: 3 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(candidates, fc.nat(), fc.boolean(), (made, seed, critical) => {
        const listed: RouteCandidate[] = made.map((endpoints, at) => ({
          model: models[at] ?? `other${at}`,
          endpoints: endpoints.map((changes, place) => endpoint(`h${place}/m${at}`, changes)),
        }));
        const policy = {
          costWeight: 1,
          critical,
          floor: { incumbent: 'mid', margin: 0.02 },
          exploration: { gamma: 2, epsilon: 0.1, allowanceNanos: 1e12 },
        };
        const decision = decideRoute(state, inputOf({ candidates: listed, seed, policy }));
        const all = listed.flatMap(({ endpoints }) => endpoints);
        const usable = new Set(all.filter(({ excluded }) => excluded === undefined).map(({ id }) => id));
        expect(Fault.is(decision)).toBe(usable.size === 0);
        if (Fault.is(decision)) return;
        expect(decision.ranked.length).toBeGreaterThan(0);
        for (const id of decision.ranked) expect(usable.has(id)).toBe(true);
        expect(decision.candidates.reduce((sum, { propensity }) => sum + propensity, 0)).toBeCloseTo(1, 9);
        expect(decision.hosts.reduce((sum, { propensity }) => sum + propensity, 0)).toBeCloseTo(1, 9);
        if (critical) expect(decision.reason).not.toBe('exploration');
        expect(redraw(decision.candidates, seed)).toBe(decision.model);
      }),
      { numRuns: 150 },
    );
  });

  it('chooses models and hosts as often as it says', () => {
    const { state } = learned();
    const policy = { costWeight: 1, critical: false, exploration: { gamma: 3, epsilon: 0.05, allowanceNanos: 1e12 } };
    const candidates = models.map((model) => ({
      model,
      endpoints: [endpoint(`a/${model}`), endpoint(`b/${model}`, { okShare: 0.8 })],
    }));
    const first = new Map<string, number>();
    let said: RoutedDecision | undefined;
    const random = createSeededRandom(3);
    const rounds = 8000;
    for (let at = 0; at < rounds; at++) {
      const decision = decideRoute(state, inputOf({ candidates, policy, seed: random.uint32() }));
      if (Fault.is(decision)) throw decision;
      said = decision;
      first.set(decision.ranked[0] ?? '', (first.get(decision.ranked[0] ?? '') ?? 0) + 1);
    }
    for (const { model, propensity } of said?.candidates ?? []) {
      const count = (first.get(`a/${model}`) ?? 0) + (first.get(`b/${model}`) ?? 0);
      expect(Math.abs(count / rounds - propensity)).toBeLessThan(0.02);
    }
    const model = said?.model ?? '';
    const share = said?.hosts.find(({ endpoint: id }) => id === `a/${model}`)?.propensity ?? 0;
    const onA = first.get(`a/${model}`) ?? 0;
    expect(Math.abs(onA / (onA + (first.get(`b/${model}`) ?? 0)) - share)).toBeLessThan(0.05);
  });

  it('takes an unknown price for the dearest known one, and says that it is unknown', () => {
    const candidates = [
      { model: 'small', endpoints: [endpoint('small/1', { price: undefined })] },
      { model: 'mid', endpoints: [endpoint('mid/1', { price: { input: 1, output: 1 } })] },
    ];
    const decision = decided(inputOf({ candidates }), new LearningService({ clock }));
    expect(decision.model).toBe('mid');
    expect(decision.candidates[0]?.costNanos).toBeUndefined();
  });

  it('keeps a conversation at the host of its prompt cache until another is cheaper than reading it there', () => {
    const long = 20_000;
    const warm = endpoint('a/m', { price: { input: 3000, output: 0, cacheRead: 300 }, warmTokens: long });
    const by = (price: number): string | undefined => {
      const endpoints = [warm, endpoint('b/m', { price: { input: price, output: 0 } })];
      const hosts = { candidates: [{ model: 'small', endpoints }], inputTokens: long };
      return decided(inputOf(hosts)).ranked[0];
    };
    expect(by(2900)).toBe('a/m');
    expect(by(1)).toBe('b/m');
  });

  it('asks what is rate limited only when there is nothing else', () => {
    const waiting = endpoint('a/m', { later: 'rate limited for 2 s' });
    const both = [
      { model: 'small', endpoints: [waiting] },
      { model: 'large', endpoints: [endpoint('b/m')] },
    ];
    expect(decided(inputOf({ candidates: both })).ranked).toEqual(['b/m', 'a/m']);
    expect(decided(inputOf({ candidates: both.slice(0, 1) })).ranked).toEqual(['a/m']);
  });

  it('is explained by its own figures', () => {
    const decision = decided(inputOf());
    const [sentence, ...others] = explainRoute(decision, job);
    expect(sentence).toBe(summarise(decision, job));
    expect(sentence).toMatch(/^small is the best value for support: expected success 0\.\d\d after \d+ outcomes/);
    expect(others).toHaveLength(2);
    expect(others[0]).toMatch(/is passed over: expected success 0\.\d\d after \d+ outcomes, about \$/);
  });
});
