import { expect, test } from 'vitest';
import { parseConfig } from './parse-config.ts';

const problemsOf = (text: string) => parseConfig(text).problems.map(({ line, message }) => `${line}: ${message}`);

test('figures of plans keep their source text', () => {
  const { config } = parseConfig(`
plans:
  pro:
    markupPercent: 17.50
    prices: { '*': { input: 0.1, output: 3 } }
    meters:
      - { name: tokens, buckets: [input], includedUnits: 10000000000000001, steps: [{ price: 2 }] }
    baseFee: 49.10
`);
  expect(config?.plans.pro).toMatchObject({
    markupPercent: '17.50',
    prices: { '*': { input: '0.1', output: '3' } },
    meters: [{ includedUnits: '10000000000000001', steps: [{ price: '2' }] }],
    baseFee: '49.10',
  });
});

test('a wrong plan is told with its line', () => {
  expect(problemsOf('plans:\n  pro:\n    baseFee: cheap\n')).toEqual(['3: must be a number, for example 0.15']);
  expect(problemsOf('plans:\n  pro:\n    baseFee: 0.00000000001\n')[0]).toContain('is not an amount in USD');
  const meter = 'plans:\n  pro:\n    meters: [{ name: m, buckets: [input], steps: [{ upTo: x, price: 1 }] }]\n';
  expect(problemsOf(meter).join()).toContain('must be a whole number');
});
