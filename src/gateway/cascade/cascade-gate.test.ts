import { expect, it } from 'vitest';
import type { Completion } from '../../domain/calls/completion.ts';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { outcomeWeight } from '../../domain/outcomes/outcome.ts';
import { silentLogger } from '../../platform/logger.ts';
import type { AdmittedExchange } from '../settle.ts';
import { CascadeGate } from './cascade-gate.ts';
import type { VerifierVerdict } from './verifier.ts';

const endpoint = { modelName: 'small', host: { id: 'alpha' } } as Endpoint;
const completion = { blocks: [], finish: { reason: 'stop' } } as unknown as Completion;
const exchange = {
  received: { requestId: 'req_1', key: { customer: 'acme', name: 'key' } },
  choice: {},
  spending: { spender: {} },
} as unknown as AdmittedExchange;

async function toldOf(verdict: VerifierVerdict['verdict']): Promise<readonly Omit<OutcomeFact, 'outcomeId'>[]> {
  const told: Omit<OutcomeFact, 'outcomeId'>[] = [];
  const verifier = {
    kind: 'schema' as const,
    version: '1',
    refuses: () => undefined,
    verify: async () => ({ verdict, reason: '' }),
  };
  const cascade = { verifier, demand: {}, fact: { stages: ['small', 'large'] } };
  const desk = { noteSeen: (fact: Omit<OutcomeFact, 'outcomeId'>) => void told.push(fact) };
  const clock = { nowMs: () => 1, monotonicMs: () => 1 };
  await new CascadeGate(exchange, cascade as never, { desk, clock, logger: silentLogger }).of(endpoint)?.(completion);
  return told;
}

it('tells verdicts for and against a draft with the same weight, so that making drafts rates no model down', async () => {
  const [[passed], [failed]] = [await toldOf('pass'), await toldOf('fail')];
  expect(passed).toMatchObject({ kind: 'verified', value: 1 });
  expect(failed).toMatchObject({ kind: 'verified', value: 0, draft: true });
  expect(passed && outcomeWeight(passed)).toBe(failed && outcomeWeight(failed));
  expect(await toldOf('unknown')).toEqual([]);
});
