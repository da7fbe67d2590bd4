import { describe, expect, it } from 'vitest';
import type { AttemptFact, FinalFact } from '../domain/facts/facts.ts';
import { createMetrics } from '../platform/metrics.ts';
import { ExchangeBoard } from './exchange-board.ts';

function finalOf(upstreamModel: string): FinalFact {
  const model = `host/${upstreamModel}`;
  return {
    model,
    upstreamModel,
    host: 'host',
    status: 'completed',
    totalMs: 1,
    costNanos: '0',
  } as unknown as FinalFact;
}

function attemptOf(upstreamModel: string): AttemptFact {
  return { host: 'host', upstreamModel, flags: [] } as unknown as AttemptFact;
}

describe('the metrics of exchanges', () => {
  it('tell further models that clients name together, and configured ones still by name', () => {
    const metrics = createMetrics();
    const board = new ExchangeBoard(metrics, (id) => id === 'host/own');
    for (let count = 0; count < 2000; count++) board.end(finalOf(`m${count}`), [attemptOf(`m${count}`)]);
    board.end(finalOf('own'), [attemptOf('own')]);
    const lines = metrics.render().split('\n');
    const requests = lines.filter((line) => line.startsWith('switchyard_requests_total{'));
    expect(requests.length).toBeLessThan(110);
    expect(requests).toContainEqual(expect.stringContaining('model="host/own"'));
    const other = requests.find((line) => line.includes('model="other"'));
    expect(Number(other?.split(' ').at(-1))).toBeGreaterThan(1800);
    expect(lines.filter((line) => line.startsWith('switchyard_attempts_total{')).length).toBeLessThan(110);
  });
});
