import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExchangeRecord } from '../../src/gateway/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';

const config = `
jobs:
  support-reply:
    description: Answers a customer's question.
    models: [sim/small, sim/large]
  write-code:
    models: [sim/small, sim/echo]
    cascade: { models: [sim/small, sim/echo], verifier: tests, language: javascript }
plans:
  reseller: { markupPercent: 20 }
customers:
  - { name: acme, plan: reseller }
keys:
  - { name: acme-key, secret: "env:ACME_KEY", customer: acme }
`;
const apiKey = 'sk-acme-0123456789';

/** The reason Switchyard exists, end to end: what happened to one answer changes the next decision. */
describe('the loop', () => {
  let booted: BootedProduct;
  let client: OpenAI;

  beforeAll(async () => {
    booted = await bootProduct(config, { ACME_KEY: apiKey });
    client = new OpenAI({ baseURL: `${booted.url}/v1`, apiKey });
  });
  afterAll(() => booted.close());

  async function ask(): Promise<{ requestId: string; model: string; text: string; reasons: string }> {
    const call = client.chat.completions.create(
      { model: 'job/support-reply', messages: [{ role: 'user', content: 'Where is my parcel?' }] },
      { headers: { 'x-switchyard-explain': '1' } },
    );
    const { data, response } = await call.withResponse();
    return {
      requestId: response.headers.get('x-switchyard-request-id') ?? '',
      model: response.headers.get('x-switchyard-model') ?? '',
      text: data.choices[0]?.message.content ?? '',
      reasons: response.headers.get('x-switchyard-explanation') ?? '',
    };
  }

  async function record(requestId: string): Promise<ExchangeRecord> {
    return (await booted.control(`/api/v1/requests/${requestId}`)) as unknown as ExchangeRecord;
  }

  it('goes from a request over attempt, durable fact, cost and charge to an outcome that changes the next decision', async () => {
    const first = await ask();
    expect(first.text).toContain('simulated');
    expect(first.model).toBe('sim/small');

    const facts = await record(first.requestId);
    expect(facts.status).toBe('completed');
    expect(facts.attempts).toHaveLength(1);
    expect(facts.decision?.chosen).toBe('sim/small');
    // sim/small costs $0.10 and $0.40 per million: 100 and 400 nano-USD per token.
    const usage = facts.attempts[0]?.usage;
    const expectedNanos = 100 * (usage?.input ?? 0) + 400 * (usage?.output ?? 0);
    expect(expectedNanos).toBeGreaterThan(0);
    expect(facts.costNanos).toBe(String(expectedNanos));
    // The customer's plan is cost plus 20 %: what it pays, and what is left of it.
    expect(facts.final).toMatchObject({ customer: 'acme', planVersionId: expect.stringMatching(/^reseller@/) });
    const marginNanos = BigInt(facts.chargeNanos ?? 0) - BigInt(facts.costNanos ?? 0);
    expect(marginNanos).toBe(BigInt(expectedNanos) / 5n);

    const outcome = { requestId: first.requestId, kind: 'score', value: 0, source: 'test', idempotencyKey: 'once' };
    expect((await booted.control('/api/v1/outcomes', outcome)).httpStatus).toBe(201);
    expect((await record(first.requestId)).outcomes).toHaveLength(1);

    const second = await ask();
    expect(second.model).toBe('sim/large');
    expect(second.reasons).toMatch(/sim\/small is passed over: expected success 0\.\d\d after 1 outcome/);
    expect((await record(second.requestId)).decision?.reasons.join(' ')).toContain('sim/small is passed over');
  });

  it('ends in executed code: what does not pass its tests is never delivered, and what ran is evidence', async () => {
    const content = `${'Say all of this again. '.repeat(10)}\n\`\`\`js\nconst answer = 6 * 7;\n\`\`\`\n`;
    const tests = JSON.stringify({ tests: 'if (answer !== 42) throw new Error("wrong");' });
    const { data, response } = await client.chat.completions
      .create(
        { model: 'job/write-code', messages: [{ role: 'user', content }] },
        { headers: { 'x-switchyard-tests': Buffer.from(tests).toString('base64') } },
      )
      .withResponse();
    // The small model talks about programs; the echo repeats one.
    expect(response.headers.get('x-switchyard-model')).toBe('sim/echo');
    const requestId = response.headers.get('x-switchyard-request-id') ?? '';
    const { attempts, decision, outcomes } = await record(requestId);
    expect(attempts.map(({ upstreamModel, fault }) => [upstreamModel, fault])).toEqual([
      ['small', 'answer_rejected'],
      ['echo', undefined],
    ]);
    expect(decision?.cascade).toMatchObject({ stages: ['sim/small', 'sim/echo'], verifier: 'tests' });
    const code = /```js\n([^`]*)```/.exec(data.choices[0]?.message.content ?? '')?.[1] ?? '';
    const ran = await fetch(`${booted.url}/api/v1/runs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${booted.product.ownerToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ language: 'javascript', code: `${code}console.log(answer);`, requestId }),
    });
    // Where nothing isolates code it is refused, with what to do about it; nothing was verified then either.
    if (ran.status !== 200) return expect(await ran.text()).toContain('isolation_unavailable');
    expect(await ran.text()).toContain('"text":"42\\n"');
    // One answer in four is looked at after it left as well, whenever that is.
    expect(outcomes[0]).toMatchObject({ kind: 'verified', value: 0, model: 'sim/small', draft: true });
    expect((await record(requestId)).outcomes).toContainEqual(
      expect.objectContaining({ kind: 'run', value: 1, source: 'runtime' }),
    );
  });
});
