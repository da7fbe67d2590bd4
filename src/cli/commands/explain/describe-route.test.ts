import { describe, expect, it } from 'vitest';
import type { RoutePreview } from '../../../sdk/index.ts';
import { describeRoute } from './describe-route.ts';

const candidate = { lower: 0.8, evidence: 40, latencyMs: 400, utility: 0.5 };
const told: RoutePreview = {
  summary: 'small answers first.',
  reasons: [],
  model: 'small',
  chosen: 'up/small',
  ranked: ['up/small', 'up/large'],
  job: 'form',
  excluded: [],
  routing: {
    found: 'named',
    stateId: 'state',
    decidedBy: 'best',
    level: 'job',
    candidates: [
      { ...candidate, model: 'small', quality: 0.7, costNanos: '400000', propensity: 0 },
      { ...candidate, model: 'large', quality: 0.9, costNanos: '5000000', propensity: 1 },
    ],
    hosts: [],
    hostBy: 'only',
    inputTokens: 12,
  },
  cascade: {
    stages: ['small', 'large'],
    verifier: 'http',
    verifierError: 0.05,
    by: 'configured',
    success: 0.93,
    costNanos: '2100000',
    single: 'large',
  },
};

describe('where a request would go', () => {
  it('names the stages of a cascade, who looks at them, and the whole beside the model alone', () => {
    const text = describeRoute(told).join('\n');
    expect(text).toContain('cascade, as configured; 5.0% of the verdicts are wrong:');
    expect(text).toMatch(/1\. +small +delivered if the verifier \(http\) is content/);
    expect(text).toMatch(/2\. +large +delivered as it is/);
    expect(text).toContain('as a whole: success 0.930, cost $0.0021 on average, drafts included');
    expect(text).toContain('large alone: success 0.900, cost $0.005');
  });

  it('says nothing of a cascade where one model answers', () => {
    expect(describeRoute({ ...told, cascade: null }).join('\n')).not.toContain('cascade');
  });
});
