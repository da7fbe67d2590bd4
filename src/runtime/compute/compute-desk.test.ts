import { describe, expect, it } from 'vitest';
import type { ComputeUse } from '../../domain/rating/compute.ts';
import type { Fact } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { Hold, SpenderRequest } from '../../tenants/index.ts';
import type { Receipt, Runner, RunRequest } from '../contract.ts';
import { defaultLimits } from '../limits.ts';
import { ComputeDesk } from './compute-desk.ts';
import { MeteredRunner } from './metered-runner.ts';

const prices = {
  versionId: 'compute@test',
  cpuSecondPicos: 1_000_000n,
  wallSecondPicos: 0n,
  memoryGibSecondPicos: 0n,
  egressGibPicos: 0n,
};
const clock = { nowMs: () => 5000, monotonicMs: () => 5000 };
const use: ComputeUse = { cpuMs: 2000, wallMs: 3000, memoryMibMs: null, egressBytes: 0 };
const payer = { customer: 'acme', key: 'acme-key' };

interface World {
  readonly desk: ComputeDesk;
  readonly facts: Fact[];
  readonly asked: SpenderRequest[];
  readonly ends: string[];
}

function worldOf(setting: { readonly isFree?: boolean; readonly refusal?: Fault } = {}): World {
  const [facts, asked, ends]: [Fact[], SpenderRequest[], string[]] = [[], [], []];
  const holdOf = (request: SpenderRequest): Hold => ({
    exchangeId: request.exchangeId,
    amountNanos: request.amountNanos,
    isHard: true,
    topUp: () => false,
    topUpOrWait: () => false,
    settle: (chargeNanos) => void ends.push(`settled ${chargeNanos}`),
    leaveRates: () => undefined,
    release: () => void ends.push('released'),
  });
  const desk = new ComputeDesk({
    journal: { commit: (...made) => Promise.resolve(void facts.push(...made)) },
    gate: {
      isHardLimited: () => true,
      admit(request) {
        asked.push(request);
        return setting.refusal ?? holdOf(request);
      },
    },
    clock,
    newId: (prefix) => `${prefix}_1`,
    prices: () => (setting.isFree === true ? undefined : prices),
  });
  return { desk, facts, asked, ends };
}

describe('machines of our own', () => {
  it('are held for at most, and charged for what was used, as one fact', async () => {
    const { desk, facts, asked, ends } = worldOf();
    // Whatever else is known of who pays stays out of the fact.
    const hold = await desk.admit(Object.assign({ requestId: 'req_9' }, payer), { ...use, cpuMs: 60_000 });
    expect(asked).toMatchObject([{ amountNanos: 60_000n, spender: payer }]);
    await hold.settle({ kind: 'run', subject: 'run_1', exchangeId: 'req_2' }, use);
    expect(ends).toEqual(['settled 2000']);
    expect(facts).toMatchObject([
      {
        type: 'final',
        requestId: 'req_1',
        customer: 'acme',
        key: 'acme-key',
        host: 'runtime',
        model: 'compute/run',
        attempts: 0,
        costNanos: '0',
        chargeNanos: '2000',
        planVersionId: 'compute@test',
        usage: { computeMs: 2000 },
        compute: { kind: 'run', subject: 'run_1', exchangeId: 'req_2', cpuMs: 2000, wallMs: 3000, memoryMibMs: null },
      },
    ]);
  });

  it('are refused at a hard limit, and free without prices', async () => {
    const refusal = new Fault('budget_exceeded');
    await expect(worldOf({ refusal }).desk.admit(payer, use)).rejects.toBe(refusal);
    const { desk, facts, asked } = worldOf({ isFree: true });
    await (await desk.admit(payer, use)).settle({ kind: 'run', subject: 'run_1' }, use);
    expect([facts, asked, desk.isMetering]).toEqual([[], [], false]);
  });
});

describe('a metered run', () => {
  const receiptOf = (status: Receipt['status']): Receipt =>
    ({
      runId: 'run_1',
      status,
      cpuMs: 1500.4,
      peakMemoryBytes: 64 * 1024 * 1024,
      timings: { totalMs: 2500, queuedMs: 500 },
    }) as Receipt;
  const request = { language: 'python', files: [], customer: 'acme' } as RunRequest;

  async function run(
    world: World,
    end: { readonly status?: Receipt['status']; readonly refusal?: Error },
  ): Promise<void> {
    const runner: Runner = {
      run: () =>
        end.refusal
          ? Promise.reject(end.refusal)
          : Promise.resolve({
              runId: 'run_1',
              async *events() {
                const receipt = receiptOf(end.status ?? 'succeeded');
                await metered.recorded(receipt);
                yield { type: 'receipt', receipt };
              },
            }),
    };
    const metered = new MeteredRunner(runner, { desk: world.desk, limitsOf: () => defaultLimits });
    for await (const _ of (await metered.run(request)).events());
  }

  it('is charged when its receipt is written, however it ended', async () => {
    for (const status of ['succeeded', 'failed', 'limit', 'cancelled'] as const) {
      const world = worldOf();
      await run(world, { status });
      expect(world.ends).toEqual(['settled 1500']);
      expect(world.facts).toMatchObject([{ compute: { cpuMs: 1500, wallMs: 2000, memoryMibMs: 128_000 } }]);
    }
  });

  it('costs nothing when it was refused, or broke on our side', async () => {
    const refused = worldOf();
    await expect(run(refused, { refusal: new Fault('shedding') })).rejects.toMatchObject({ code: 'shedding' });
    expect([refused.ends, refused.facts]).toEqual([['released'], []]);
    const broken = worldOf();
    await run(broken, { status: 'broken' });
    expect([broken.ends, broken.facts]).toEqual([['released'], []]);
  });
});
