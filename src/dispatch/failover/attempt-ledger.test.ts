import { describe, expect, it } from 'vitest';
import type { AttemptFact } from '../../domain/facts/facts.ts';
import { rateAttempt } from '../../domain/rating/rate-attempt.ts';
import type { Price } from '../../domain/rating/price.ts';
import { anthropicMessagesInbound } from '../../protocols/index.ts';
import { createProviderRegistry } from '../../providers/index.ts';
import type { DispatchPlan } from '../dispatch-plan.ts';
import { endpointAt, FakeTime, runHarness, settle } from '../testing/exchange-harness.ts';

const cheap: Price = { versionId: 'v1', picosPerUnit: { input: 1_000_000n, output: 2_000_000n } };
const dear: Price = { versionId: 'v2', picosPerUnit: { input: 5_000_000n, output: 9_000_000n } };
const contract = { versionId: 'contract_1', ratioPpm: 500_000n };
const done = 'data: [DONE]\n\n';

async function attemptWith(
  plan: NonNullable<Parameters<typeof runHarness>[0]>['plan'],
  usage: object,
): Promise<AttemptFact | undefined> {
  const { calls, result, attempts, time } = runHarness({ plan });
  await settle();
  calls[0]?.stream().text('hello');
  time.advance(1000);
  calls[0]?.finish(usage).data(done).end();
  await result;
  return attempts[0];
}

const usage = { prompt_tokens: 1000, completion_tokens: 100 };

describe('an attempt', () => {
  it('[money 30] is rated by the price at its start, and names the one that replaced it while it ran', async () => {
    const changesAtMs = 1_000_500;
    const attempt = await attemptWith(
      { priceOf: (_, atMs) => ({ price: atMs < changesAtMs ? cheap : dear, contract }) },
      usage,
    );
    expect(attempt).toMatchObject({
      costNanos: '600000',
      priceVersionId: 'v1',
      laterPriceVersionId: 'v2',
      contractVersionId: 'contract_1',
    });
    expect(attempt && rateAttempt(attempt, cheap, contract)?.costNanos).toBe(600_000n);
  });

  it('keeps what the provider says it cost beside what it should cost', async () => {
    const plan = { candidates: [endpointAt('a', { price: cheap })] };
    expect(await attemptWith(plan, { ...usage, cost: 0.0123 })).toMatchObject({
      costNanos: '12300000',
      costSource: 'reported',
      reportedCostNanos: '12300000',
      computedCostNanos: '1200000',
    });
  });

  it('says where it ran and whether it was part of a batch, because prices differ by it', async () => {
    const price = { ...cheap, batchRatioPpm: 500_000n, regionRatioPpm: { 'eu-1': 1_100_000n } };
    const plan = { candidates: [endpointAt('a', { price, region: 'eu-1' })], isBatch: true };
    const attempt = await attemptWith(plan, usage);
    expect(attempt).toMatchObject({ costNanos: '660000', region: 'eu-1', batch: true });
    expect(attempt && rateAttempt(attempt, price)?.costNanos).toBe(660_000n);
  });

  it('has no cost when its figures cannot be stored, and says so', async () => {
    const plan = {
      candidates: [endpointAt('a', { price: { versionId: 'v', picosPerUnit: { input: 10n ** 9n, output: 0n } } })],
    };
    const attempt = await attemptWith(plan, { prompt_tokens: Number.MAX_SAFE_INTEGER, completion_tokens: 0 });
    expect(attempt).toMatchObject({ costNanos: null, flags: ['amount_refused'] });
  });

  it('uses nothing when the host only counted tokens, which is free of charge', async () => {
    const price = { ...cheap, picosPerCall: 1_000_000n };
    const provider =
      createProviderRegistry({ clock: new FakeTime() }).getProvider('generic-anthropic-messages') ??
      expect.unreachable();
    const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
    const call: DispatchPlan['call'] = {
      operation: 'count-tokens',
      dialect: 'anthropic-messages',
      bytes: Buffer.from(JSON.stringify(body)),
      body,
      stream: false,
      contentType: 'application/json',
      headers: {},
      parse: () => expect.unreachable(),
    };
    const { calls, result, attempts } = runHarness({
      stream: false,
      plan: { call, inbound: anthropicMessagesInbound, candidates: [endpointAt('a', { price })] },
      deps: () => ({ providerOf: () => provider }),
    });
    await settle();
    calls[0]?.json({ input_tokens: 14 });
    expect(await result).toMatchObject({ status: 'completed', costNanos: 0n });
    expect(attempts).toMatchObject([{ costNanos: '0', usage: undefined, flags: [] }]);
  });
});
