import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../platform/random.ts';
import { expectedNoise, policyValue } from './policy-value.ts';

describe('the value of a policy from the log of another', () => {
  it('has no error when the outcome model is right, however much is clipped', () => {
    const log = Array.from({ length: 50 }, (_, at) => ({
      propensity: 0.01,
      probability: 1,
      reward: at % 2,
      expectedLogged: at % 2,
      expectedPolicy: 0.4,
    }));
    expect(policyValue(log)?.drClip).toBeCloseTo(0.4, 12);
  });

  it('is the mean where the log is the policy itself', () => {
    const random = createSeededRandom(1);
    const rewards = Array.from({ length: 100 }, () => random.unit());
    const log = rewards.map((reward) => ({
      propensity: 1,
      probability: 1,
      reward,
      expectedLogged: 0.3,
      expectedPolicy: 0.3,
    }));
    const mean = rewards.reduce((sum, reward) => sum + reward, 0) / 100;
    const value = policyValue(log);
    expect(value?.ips).toBeCloseTo(mean, 12);
    expect(value?.drClip).toBeCloseTo(mean, 12);
    expect(value?.effectiveSize).toBeCloseTo(100, 9);
  });

  it('is no surer for a log that happened to draw nothing of what the policy takes', () => {
    const noise = expectedNoise([{ propensity: 0.1, probability: 1, expected: 0.5 }]);
    expect(noise).toBeCloseTo(0.1 * 100 * 0.25, 12);
    const missed = { propensity: 0.9, probability: 0, reward: 1, expectedLogged: 0.5, expectedPolicy: 0.5 };
    const log = Array.from({ length: 100 }, () => missed);
    expect(policyValue(log)?.standardError).toBe(0);
    expect(policyValue(log.map((one) => ({ ...one, noise })))?.standardError).toBeCloseTo(Math.sqrt(2.5 / 100), 12);
  });

  it('is refused when a propensity is missing', () => {
    const one = { propensity: 0, probability: 1, reward: 1, expectedLogged: 0.5, expectedPolicy: 0.5 };
    expect(policyValue([one, one])).toBeUndefined();
  });
});
