import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../domain/statistics/seeded-random.ts';
import { createJudgeGrader } from '../graders/judge.ts';
import type { Grade } from '../graders/grader.ts';
import { judgeHealth } from './judge-health.ts';
import { type Judge, judgePair, type PairVerdict } from './judge-pair.ts';

const answersIn = (prompt: string): readonly [string, string] => [
  /<answer-a>\n([\s\S]*?)\n<\/answer-a>/.exec(prompt)?.[1] ?? '',
  /<answer-b>\n([\s\S]*?)\n<\/answer-b>/.exec(prompt)?.[1] ?? '',
];

function judgeBy(name: string, decide: (a: string, b: string) => string): Judge {
  return {
    name,
    ask: (prompt) => Promise.resolve({ text: `…\nVERDICT: ${decide(...answersIn(prompt))}`, costNanos: 1000n }),
  };
}

/** Quality and length are independent of each other here. */
async function verdictsOf(judge: Judge, count = 60): Promise<PairVerdict[]> {
  const random = seededRandom(7);
  const verdicts: PairVerdict[] = [];
  for (let at = 0; at < count; at++) {
    const answer = (quality: number): string => `${quality} ${'word '.repeat(1 + Math.floor(random() * 40))}`;
    const isFirstBetter = random() < 0.5;
    const pair = {
      question: 'q',
      criterion: 'right',
      first: answer(isFirstBetter ? 1 : 0),
      second: answer(isFirstBetter ? 0 : 1),
    };
    verdicts.push(await judgePair(judge, pair));
  }
  return verdicts;
}

const fair = judgeBy('fair', (a, b) => {
  if (a.startsWith('1') === b.startsWith('1')) return 'TIE';
  return a.startsWith('1') ? 'A' : 'B';
});
const vain = judgeBy('vain', () => 'A');
const wordy = judgeBy('wordy', (a, b) => (a.length >= b.length ? 'A' : 'B'));

describe('judges', () => {
  it('that look at what matters stay green', async () => {
    const health = judgeHealth(await verdictsOf(fair));
    expect(health).toMatchObject({ gate: 'green', flipRate: 0, refusalRate: 0, reasons: [] });
    expect(Math.abs(health.lengthCoefficient ?? 9)).toBeLessThan(0.5);
  });

  it('[proof 9] that prefer the longer answer are caught by their length coefficient', async () => {
    const health = judgeHealth(await verdictsOf(wordy));
    expect(health.gate).toBe('red');
    expect(health.lengthCoefficient).toBeGreaterThan(1);
    expect(health.reasons.join()).toContain('prefers longer answers');
  });

  it('[proof 10] that always prefer the first answer flip every time, and every item is a tie', async () => {
    const verdicts = await verdictsOf(vain);
    expect(verdicts.every(({ preferred, flipped }) => preferred === 'tie' && flipped)).toBe(true);
    expect(judgeHealth(verdicts)).toMatchObject({ gate: 'red', flipRate: 1 });
  });

  it('are not called anything on too few pairs', async () => {
    expect(judgeHealth(await verdictsOf(fair, 5))).toMatchObject({ gate: 'unknown', lengthCoefficient: undefined });
    expect(judgeHealth([]).gate).toBe('unknown');
  });

  it('that refuse to judge decide nothing', async () => {
    const mute = judgeBy('mute', () => 'perhaps');
    const verdicts = await verdictsOf(mute, 30);
    expect(verdicts[0]).toMatchObject({ preferred: 'tie', refused: true, flipped: false, costNanos: 2000n });
    expect(judgeHealth(verdicts).gate).toBe('red');
  });

  it('grade against a reference, and a tie says nothing', async () => {
    const noted: PairVerdict[] = [];
    const grader = createJudgeGrader(fair, { note: (verdict) => noted.push(verdict) });
    const judge = { question: 'q', criterion: 'right', reference: '0 wrong' };
    expect(await (grader.grade({ text: '1 right' }, { judge }) as Promise<Grade>)).toMatchObject({
      verdict: 'pass',
      costNanos: 2000n,
    });
    expect(await grader.grade({ text: '0 other' }, { judge })).toMatchObject({ verdict: 'unknown', score: 0.5 });
    expect(noted).toHaveLength(2);
  });
});
