import { describe, expect, it } from 'vitest';
import type { CopiedAnswer, LeftAnswer } from '../../gateway/index.ts';
import { silentLogger } from '../../platform/logger.ts';
import { successBy } from '../../routing/index.ts';
import type { RolloutObservation } from '../core/observe.ts';
import { openRollout } from '../core/rollout-state.ts';
import type { Rollout } from '../service/rollout-store.ts';
import { planOf } from '../testing/simulate-rollout.ts';
import { ShadowCopier, type ShadowParts } from './shadow-copier.ts';

const clock = { nowMs: () => 0, monotonicMs: () => 0 };

function rolloutWith(maxNanos: bigint, graderUrl?: string): Rollout {
  const shadow = { minPairs: 5, isGraded: graderUrl !== undefined, maxNanos };
  const plan = planOf({ shadow: graderUrl === undefined ? shadow : { ...shadow, graderUrl } });
  return { plan, state: openRollout(plan, 0), createdAtMs: 0 };
}

function left(requestId: string, verdicts: LeftAnswer['verdicts'] = []): LeftAnswer {
  const received = { requestId, bytes: Buffer.from('{"messages":[]}') };
  const final = { requestId, model: 'strong', status: 'completed' };
  return { job: 'support', received, final, result: {}, verdicts, alternatives: 1 } as unknown as LeftAnswer;
}

function copied(change: Partial<CopiedAnswer['final']> = {}, verdicts: CopiedAnswer['verdicts'] = []): CopiedAnswer {
  const final = { requestId: 'copy', model: 'cheap', host: 'h', status: 'completed', costNanos: '40', ...change };
  return { final, result: {}, verdicts } as unknown as CopiedAnswer;
}

interface World {
  readonly copier: ShadowCopier;
  readonly seen: RolloutObservation[];
  readonly told: { readonly kind: string; readonly requestId: string; readonly idempotencyKey?: string }[];
}

/** A copy may cost 100 at most. */
function worldWith(
  copy: ShadowParts['copy'],
  change: Partial<ShadowParts> = {},
  current: (rollout: Rollout) => Rollout | undefined = (rollout) => rollout,
): World {
  const seen: RolloutObservation[] = [];
  const told: World['told'] = [];
  const costOf = (one: RolloutObservation): bigint => (one.type === 'shadow' ? one.costNanos : 0n);
  const copier = new ShadowCopier({
    clock,
    logger: silentLogger,
    judge: (_, outcomes) => successBy(undefined, outcomes),
    current,
    pendingNanos: () => seen.reduce((sum, one) => sum + costOf(one), 0n),
    note: (_, one) => void seen.push(one),
    parts: {
      copy,
      ceilingNanos: () => 100n,
      grade: () => Promise.resolve(null),
      judge: () => undefined,
      tell: (outcome) => void told.push(outcome),
      ...change,
    },
  });
  return { copier, seen, told };
}

function resultsOf({ seen }: World): string[] {
  return seen.flatMap((one) => (one.type === 'shadow' ? [one.result] : []));
}

describe('shadow copies', () => {
  it('of a prompt ask the same model at the same host with the new text, and teach routing nothing', async () => {
    const orders: object[] = [];
    const sizes: number[] = [];
    const world = worldWith(
      (_, order) => {
        orders.push(order);
        return Promise.resolve(copied({}, [{ kind: 'schema', value: 1 }]));
      },
      {
        ceilingNanos: (_, { inputTokens }) => {
          sizes.push(inputTokens);
          return 100n;
        },
      },
    );
    const told = { versionId: 'tone@1', instructions: 'Be kind.' };
    const answer = { ...left('r1', [{ kind: 'schema', value: 1 }]), prompt: told };
    const prompt = { versionId: 'tone@2', instructions: 'x'.repeat(2000), replaces: 'tone@1' };
    const { plan, ...rest } = rolloutWith(1_000_000n);
    world.copier.offer({ ...rest, plan: { ...plan, kind: 'prompt', candidate: 'tone@2', prompt } }, answer);
    world.copier.offer({ ...rest, plan }, answer);
    await expect.poll(() => resultsOf(world)).toEqual(['copied', 'copied']);
    expect(orders).toMatchObject([
      { model: 'strong', prompt },
      { model: 'cheap', prompt: told },
    ]);
    expect(sizes[0]).toBeGreaterThan(1000);
    await expect.poll(() => world.told.map(({ kind }) => kind)).toEqual(['schema']);
  });

  it('are judged within the same money, and verdicts count as soon as the judge is known to be sound', async () => {
    const about: string[] = [];
    let asked = 0;
    const world = worldWith(() => Promise.resolve(copied()), {
      ceilingNanos: (model) => (model === 'judge' ? 30n : 100n),
      judge: ({ criterion }, _, { job }) => {
        about.push(`${job}: ${criterion}`);
        asked += 1;
        return Promise.resolve({
          score: asked === 2 ? 0.5 : 0,
          costNanos: asked === 1 ? null : 7n,
          isTrusted: asked >= 3,
        });
      },
    });
    const { plan, ...rest } = rolloutWith(1_000n);
    const judge = { model: 'judge', criterion: 'right' };
    const judged = { ...rest, plan: { ...plan, shadow: { ...plan.shadow, judge } } };
    const pairs = (): RolloutObservation[] => world.seen.filter(({ type }) => type === 'pair');
    for (let at = 1; at <= 3; at++) {
      world.copier.offer(judged, left(`r${at}`));
      await expect.poll(() => resultsOf(world).filter((one) => one === 'judged').length).toBe(at);
    }
    expect(about[0]).toBe('support: right');
    expect(pairs()).toEqual(
      [0, 0.5, 0].map((candidate) => ({ type: 'pair', source: 'judged', incumbent: 0.5, candidate })),
    );
    const costs = world.seen.flatMap((one) => (one.type === 'shadow' ? [one.costNanos] : []));
    // An unknown cost of the first verdict is all that was set aside: 100 and twice 30, less the copy's 40.
    expect(costs).toEqual([40n, 120n, 40n, 7n, 40n, 7n]);
    // What is left does not pay for a copy and both of its verdicts.
    const { state } = judged;
    world.copier.offer({ ...judged, state: { ...state, shadowSpentNanos: 600n } }, left('r4'));
    await expect.poll(() => resultsOf(world).at(-1)).toBe('unaffordable');
  });

  it('begin after the request is done with, a few at a time; what finds no place is counted', async () => {
    let running = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const world = worldWith(async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => waiting.push(resolve));
      running--;
      return copied();
    });
    const rollout = rolloutWith(1_000_000n);
    for (let at = 0; at < 25; at++) world.copier.offer(rollout, left(`r${at}`));
    expect(waiting).toHaveLength(0);
    expect(resultsOf(world)).toEqual(Array.from({ length: 9 }, () => 'skipped'));
    await expect
      .poll(() => {
        waiting.splice(0).forEach((resolve) => resolve());
        return resultsOf(world).filter((result) => result === 'copied').length;
      })
      .toBe(16);
    expect(most).toBe(4);
  });

  it('end where their money ends, what is out and what nobody knows the cost of included', async () => {
    const world = worldWith(() => Promise.resolve(copied({ costNanos: null })));
    const rollout = rolloutWith(250n);
    for (let at = 0; at < 4; at++) world.copier.offer(rollout, left(`r${at}`));
    await expect.poll(() => resultsOf(world).length).toBe(4);
    expect(resultsOf(world).toSorted()).toEqual(['copied', 'copied', 'unaffordable', 'unaffordable']);
    const unpriced = worldWith(() => Promise.resolve(copied()), { ceilingNanos: () => null });
    unpriced.copier.offer(rollout, left('r'));
    await expect.poll(() => resultsOf(unpriced)).toEqual(['unaffordable']);
  });

  it('are missing when they are refused, fail or break, and what was spent on them counts', async () => {
    const rollout = rolloutWith(1_000n);
    const answers: (() => Promise<CopiedAnswer | undefined>)[] = [
      () => Promise.resolve(undefined),
      () => Promise.resolve(copied({ status: 'failed', costNanos: '7' })),
      () => Promise.reject(new Error('broken')),
    ];
    for (const [at, copy] of answers.entries()) {
      const world = worldWith(copy);
      world.copier.offer(rollout, left('r'));
      await expect.poll(() => resultsOf(world)).toEqual(['missing']);
      expect(world.seen[0]).toMatchObject({ costNanos: [0n, 7n, 100n][at] });
    }
  });

  it('are held against the answer that left, by the grader and by what the gateway saw of their form', async () => {
    const rollout = rolloutWith(1_000n, 'http://127.0.0.1:1/grade');
    const grade: ShadowParts['grade'] = (_, answer) =>
      Promise.resolve('verdicts' in answer && answer.result === graded.result ? 0 : 1);
    const graded = copied();
    const world = worldWith(() => Promise.resolve(graded), { grade });
    world.copier.offer(rollout, left('r1'));
    await expect
      .poll(() => world.seen.find(({ type }) => type === 'pair'))
      .toMatchObject({ source: 'shadow', candidate: 0, incumbent: 1 });
    expect(world.told).toMatchObject([{ kind: 'score', requestId: 'copy', idempotencyKey: 'copy/score' }]);
    const refused = worldWith(() => Promise.resolve(copied({}, [{ kind: 'schema', value: 0 }])));
    refused.copier.offer(rollout, left('r2', [{ kind: 'refusal', value: 0 }]));
    await expect
      .poll(() => refused.seen.find(({ type }) => type === 'pair'))
      .toMatchObject({ candidate: 0, incumbent: 0 });
  });

  it('are no pair where both sides only kept a form', async () => {
    const kept = [{ kind: 'schema', value: 1 }] as const;
    const world = worldWith(() => Promise.resolve(copied({}, kept)));
    world.copier.offer(rolloutWith(1_000n), left('r1', kept));
    await expect.poll(() => world.told.length).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.seen.map(({ type }) => type)).toEqual(['shadow']);
  });

  it('know what was spent meanwhile, and wait no longer than their rollout takes them', async () => {
    const offered = rolloutWith(1_000n);
    const spent = { ...offered, state: { ...offered.state, shadowSpentNanos: 1_000n } };
    const [tight, over] = [spent, undefined].map((now) =>
      worldWith(
        () => Promise.resolve(copied()),
        {},
        () => now,
      ),
    );
    for (const world of [tight, over]) for (let at = 0; at < 20; at++) world?.copier.offer(offered, left(`r${at}`));
    await expect.poll(() => tight && resultsOf(tight).filter((one) => one === 'unaffordable').length).toBe(16);
    await new Promise((resolve) => setImmediate(resolve));
    expect(over && resultsOf(over)).toEqual(Array.from({ length: 4 }, () => 'skipped'));
    over?.copier.offer(offered, left('later'));
    expect(over && resultsOf(over)).toHaveLength(4);
  });

  it('may be no longer than the money is set aside for, all the answers that are asked for at once', async () => {
    const sizes: number[] = [];
    const limits: (number | undefined)[] = [];
    const ceilingNanos: ShadowParts['ceilingNanos'] = (_, { outputTokens }) => {
      sizes.push(outputTokens);
      return 100n;
    };
    const world = worldWith(
      (_, { maxOutputTokens }) => {
        limits.push(maxOutputTokens);
        return Promise.resolve(copied());
      },
      { ceilingNanos },
    );
    const rollout = rolloutWith(1_000n);
    world.copier.offer(rollout, { ...left('r1'), alternatives: 3 });
    world.copier.offer(rollout, { ...left('r2'), maxOutputTokens: 10 });
    await expect.poll(() => limits).toEqual([4096, 10]);
    expect(sizes).toEqual([3 * 4096, 10]);
  });

  it('are compared before it is closed', async () => {
    let answer: (() => void) | undefined;
    const world = worldWith(async () => {
      await new Promise<void>((resolve) => (answer = resolve));
      return copied({}, [{ kind: 'schema', value: 0 }]);
    });
    world.copier.offer(rolloutWith(1_000n), left('r1', [{ kind: 'schema', value: 0 }]));
    await expect.poll(() => answer).toBeDefined();
    const closing = world.copier.close();
    answer?.();
    await closing;
    expect(world.seen.map(({ type }) => type)).toEqual(['shadow', 'pair']);
  });

  it('are not made any more once it is closed', async () => {
    const world = worldWith(() => Promise.resolve(copied()));
    world.copier.offer(rolloutWith(1_000n), left('r1'));
    await world.copier.close();
    world.copier.offer(rolloutWith(1_000n), left('r2'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.seen).toEqual([]);
  });
});
