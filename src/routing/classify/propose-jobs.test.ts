import { describe, expect, it } from 'vitest';
import type { LoggedExchange } from '../../domain/facts/exchange-log.ts';
import { defaultSuccessRule, isRuleProblem, readSuccessRule } from '../../domain/outcomes/success-rule.ts';
import { createSeededRandom } from '../../platform/random.ts';
import { FeatureReader } from '../features/feature-reader.ts';
import { encodeFeatures } from '../features/feature-text.ts';
import { proposeJobs } from './propose-jobs.ts';

const rule = readSuccessRule(defaultSuccessRule);
if (isRuleProblem(rule)) throw new Error(rule.problem);
const reader = new FeatureReader();
const random = createSeededRandom(7);
const pick = (words: string): string => {
  const all = words.split(' ');
  return all[Math.floor(random.unit() * all.length)] ?? '';
};
const kinds: readonly (() => string)[] = [
  () =>
    `Hello, my parcel ${pick('number order shipment')} ${Math.floor(random.unit() * 1e4)} has not arrived, ${pick('please refund the money where is it I want a refund')} thanks`,
  () =>
    `Write a ${pick('python typescript rust')} function that ${pick('sorts filters reverses')} an array of ${pick('strings numbers dates')} and returns the array`,
  () =>
    `Translate this sentence into ${pick('french german spanish')}: the ${pick('cat dog house garden')} is ${pick('old small blue')} today`,
];

function exchange(at: number, text: string, more: { job?: string; found?: string } = {}): LoggedExchange {
  return {
    final: { requestId: `r${at}`, model: at % 4 === 0 ? 'small' : 'large', job: more.job },
    decision: { routing: { found: more.found ?? 'unknown', features: encodeFeatures(reader.read(text)) } },
    outcomes: [],
    costNanos: at === 1 ? null : 10n,
  } as unknown as LoggedExchange;
}

describe('requests without a job', () => {
  const texts = Array.from({ length: 240 }, (_, at) => kinds[at % 3]?.() ?? '');
  const log = texts.map((text, at) => exchange(at, text));

  it('are proposed as the kinds of work that they are, with what they cost and who to look at', () => {
    const { proposed, requests, alone, leftOut } = proposeJobs(log, { least: 20, rule });
    expect([requests, leftOut]).toEqual([240, 0]);
    expect(proposed).toHaveLength(3);
    expect(alone).toBeLessThan(24);
    const kindsSeen = proposed.map(({ examples }) => new Set(examples.map((id) => Number(id.slice(1)) % 3)));
    expect(kindsSeen.map((seen) => seen.size)).toEqual([1, 1, 1]);
    expect(new Set(kindsSeen.flatMap((seen) => [...seen]))).toEqual(new Set([0, 1, 2]));
    const cost = proposed.reduce((sum, one) => sum + one.costNanos, 0n);
    expect(Number(cost)).toBeGreaterThan(2_000);
    expect(proposed[0]?.models[0]?.model).toBe('large');
  });

  it('are one proposal when all are of one kind', () => {
    const parcels = log.filter((_, at) => at % 3 === 0);
    const { proposed, alone } = proposeJobs(parcels, { least: 20, rule });
    expect(proposed).toHaveLength(1);
    expect(alone).toBeLessThan(20);
  });

  it('that are few of their kind, have a job, or were never read are none', () => {
    expect(proposeJobs(log.slice(0, 30), { least: 20, rule })).toMatchObject({ proposed: [], alone: 30 });
    const labelled = texts.map((text, at) => exchange(at, text, { job: 'parcels', found: 'named' }));
    expect(proposeJobs(labelled, { least: 20, rule })).toEqual({ requests: 0, proposed: [], alone: 0, leftOut: 0 });
    expect(proposeJobs([], { least: 20, rule }).proposed).toEqual([]);
  });

  it('of which each is about something else are no job, however many', () => {
    const words = Array.from({ length: 3_000 }, (_, at) => `w${at.toString(36)}x`);
    const noise = Array.from({ length: 200 }, (_, at) => exchange(at, words.slice(at * 12, at * 12 + 12).join(' ')));
    expect(proposeJobs(noise, { least: 20, rule }).proposed).toEqual([]);
  });
});
