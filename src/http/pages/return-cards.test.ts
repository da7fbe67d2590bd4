import { describe, expect, it } from 'vitest';
import { routedFacts } from '../../cli/offline/testing/routed-journal.ts';
import { measureReturns } from '../returns/measure-returns.ts';
import type { ReturnsQuestion } from '../returns/returns-question.ts';
import type { RoiReport } from '../../reports/index.ts';
import { returnSection } from './return-cards.ts';
import { returnText } from './return-texts.ts';

const endMs = 1_800_000_000_000;

async function reportOf(of: Partial<Parameters<typeof routedFacts>[0]>, job = 'support'): Promise<RoiReport> {
  const facts = routedFacts({ count: 900, endMs, explored: 0.5, told: 0.8, ...of });
  async function* read() {
    for (const fact of facts) yield { fact };
  }
  const value = { lowNanos: 1_000_000n, midNanos: 20_000_000n, highNanos: 30_000_000n };
  const question: ReturnsQuestion = {
    fromMs: 0,
    toMs: endMs,
    mostExchanges: 10_000,
    jobs: [{ job: 'support', rule: 'verdict >= 0.5', value, baseline: 'strong', margin: 0.05 }],
  };
  const { jobs } = await measureReturns(read(), question);
  const [measured] = jobs;
  if (!measured) throw new Error('it was asked for');
  return { ...measured.report, job };
}

const shown = (reports: readonly RoiReport[], measuredAtMs: number | undefined = endMs): string =>
  returnSection({ measuredAtMs, reports, more: 0, leftOut: 0 }).markup;

describe('the return of jobs on the page', () => {
  it('shows cost per success, success, unknown and return with their intervals, each with a link to its rows', async () => {
    const text = shown([await reportOf({})]).replace(/\s+/g, ' ');
    expect(text).toMatch(/Full cost per success.*\$0\.00\d+ to \$0\.00\d+, by 20 users/);
    expect(text).toMatch(/\d+\.\d % to \d+\.\d %; \d+ of \d+ told/);
    expect(text).toMatch(/\d+ of 900: nobody told/);
    for (const estimate of ['low', 'mid', 'high']) expect(text).toContain(`<th scope="row">${estimate}</th>`);
    for (const outcome of ['all', 'told', 'success', 'unknown']) {
      expect(text).toContain(`href="/rows/returns?job=support&amp;outcome=${outcome}"`);
    }
  });

  it('[proof 16] strikes a saving through until parity is proven, layer by layer', async () => {
    const worse = shown([await reportOf({ cheapRate: 0.6 })]);
    expect(worse).toContain('parity not proven');
    expect(worse).toMatch(/<strong><s>\$\d/);
    const alike = shown([await reportOf({ count: 3_000, cheapRate: 0.9 })]);
    expect(alike).toContain('parity holds');
    expect(alike).not.toContain('<s>');
    for (const layer of ['price and host', 'static best', 'prompt cache', 'prompt-level routing', 'verifier cascade']) {
      expect(alike).toContain(`>${layer}</a>`);
    }
  });

  it('divides by no success, promises no saving without a baseline, and says what is missing', async () => {
    const report = { ...(await reportOf({ strongRate: 0, cheapRate: 0 })), saving: undefined, returns: [] };
    const text = shown([report]);
    expect(text).toContain('≥ $');
    expect(text).toContain('floor.incumbent');
    expect(text).toContain('does not say what a success is worth');
    expect(shown([])).toContain('No request of a job yet.');
    expect(returnSection({ measuredAtMs: undefined, reports: [], more: 0, leftOut: 0 }).markup).toContain(
      'Being measured',
    );
  });

  it('lets no name of a job become markup', async () => {
    const text = shown([await reportOf({}, '"><script>')]);
    expect(text).not.toContain('<script>');
  });

  it('writes returns with their sign', () => {
    expect([returnText(2.4), returnText(-0.5), returnText(0.001), returnText(undefined), returnText(36.5)]).toEqual([
      '+240 %',
      '−50 %',
      '0 %',
      'none',
      '+3,650 %',
    ]);
  });
});
