import { afterEach, describe, expect, it } from 'vitest';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';

/** The database starts behind the gateway: the first answer never waits for it. */
describe('a product with its own database', () => {
  let booted: BootedProduct;
  afterEach(() => booted.close());

  it('answers before the database is open, and brings the configuration in once it is', async () => {
    booted = await bootProduct(
      `database: embedded
customers:
  - { name: acme, plan: reseller }
plans:
  reseller: { markupPercent: 20 }
keys:
  - { name: acme-key, secret: "env:ACME_KEY", customer: acme }
`,
      { ACME_KEY: 'sk-acme-0123456789' },
    );
    const answer = await fetch(`${booted.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-acme-0123456789', 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'sim/small', messages: [{ role: 'user', content: 'hello' }] }),
    });
    expect(answer.status).toBe(200);
    await expect
      .poll(async () => (await booted.control('/api/v1/customers')).httpStatus, { timeout: 60_000 })
      .toBe(200);
    await expect.poll(async () => JSON.stringify(await booted.control('/api/v1/customers'))).toContain('"acme"');
    const requestId = answer.headers.get('x-switchyard-request-id') ?? '';
    await expect
      .poll(async () =>
        JSON.stringify(await booted.control('/api/v1/usage?from=2020-01-01&to=2100-01-01&groupBy=customer')),
      )
      .toContain('acme');
    expect(requestId).toMatch(/^req_/);
  }, 150_000);
});
