import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ControlDocument, fillPath, readControlDocument } from './support/control-document.ts';
import { type ControlWorld, openControlWorld, tableSums } from './support/control-world.ts';
import { rightBodies } from './support/right-bodies.ts';
import { WrongInputs } from './support/wrong-inputs.ts';

let world: ControlWorld;
let document: ControlDocument;
let wrongInputs: WrongInputs;
beforeAll(async () => {
  world = await openControlWorld();
  document = await readControlDocument(world.api);
  wrongInputs = new WrongInputs(document);
}, 120_000);
afterAll(() => world?.close());

interface Problem {
  readonly code?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly detail: string }[];
}

/** What is not right about the answer to a wrong input; undefined when all is. */
function complaint(field: string, answer: { status: number; contentType: string; body: object }): string | undefined {
  const { code, status, detail = '', errors = [] } = answer.body as Problem;
  if (![400, 413].includes(answer.status)) return `answered ${answer.status}`;
  if (answer.contentType !== 'application/problem+json') return `is ${answer.contentType}`;
  if (status !== answer.status || code === undefined || detail === '') return 'is no whole problem';
  const isNamed = errors.some((one) => one.field === field || one.field.startsWith(`${field}.`));
  if (!isNamed) return `names ${errors.map((one) => one.field).join(', ') || 'nothing'}, not ${field}`;
  return errors.every((one) => one.detail.length > 5) ? undefined : 'does not say how to mend it';
}

describe('wrong input on every route', () => {
  it('has a right counterpart, which the schema of the route accepts', () => {
    for (const { operationId, body } of document.operations) {
      if (body === undefined) continue;
      expect([operationId, wrongInputs.isValid(body, rightBodies[operationId])]).toEqual([operationId, true]);
    }
  });

  it('is answered with a problem naming the field, and changes nothing', async () => {
    const before = await tableSums(world.opened);
    const facts = world.api.journal.state().framesWritten;
    const complaints: string[] = [];
    let count = 0;
    for (const operation of document.operations) {
      const path = fillPath(operation, world.ids.acme);
      for (const { what, field, query, body } of wrongInputs.of(operation, rightBodies[operation.operationId])) {
        count++;
        const answer = await world.api.call(operation.method, `${path}${query}`, { body });
        const wrong = complaint(field, answer);
        if (wrong !== undefined) complaints.push(`${operation.operationId}, ${what}: ${wrong}`);
      }
    }
    expect(complaints).toEqual([]);
    expect(count).toBeGreaterThan(document.operations.length * 10);
    expect(await tableSums(world.opened)).toEqual(before);
    expect(world.api.journal.state().framesWritten).toBe(facts);
    expect(world.api.troubles).toEqual([]);
  }, 180_000);

  it('in the path is answered with a problem, and never reaches another object', async () => {
    const before = await tableSums(world.opened);
    const hostile = [
      "'; DROP TABLE customer; --",
      '../customers',
      'a\u0000b',
      '__proto__',
      'x'.repeat(2000),
      '%',
      ' ',
      '*',
    ];
    for (const operation of document.operations.filter(({ path }) => path.includes('{'))) {
      for (const text of hostile) {
        const ids = Object.fromEntries(Object.keys(world.ids.acme).map((name) => [name, text]));
        const right = rightBodies[operation.operationId];
        const answer = await world.api.call(operation.method, fillPath(operation, ids), { body: right });
        expect([operation.operationId, text, answer.contentType]).toEqual([
          operation.operationId,
          text,
          'application/problem+json',
        ]);
        expect([400, 404]).toContain(answer.status);
      }
    }
    expect(await tableSums(world.opened)).toEqual(before);
    expect(world.api.troubles).toEqual([]);
  });

  it.each([
    ['POST', '/customers', { id: 'x', timeZone: 'Mars/Base' }, 'timeZone'],
    [
      'POST',
      '/budgets',
      { scope: 'customer', name: 'a', limitNanos: '9223372036854775808', period: 'day' },
      'limitNanos',
    ],
    ['POST', '/customers/acme/grants', { kind: 'promo', amountNanos: '0', operationKey: 'x' }, 'amountNanos'],
    ['POST', '/access-tokens', { name: 'x', role: 'owner', customer: 'acme' }, 'customer'],
    ['GET', '/audit-log?cursor=bm9uc2Vuc2U', undefined, 'cursor'],
  ])('%s %s with %j names %s', async (...[method, path, body, field]) => {
    const before = await tableSums(world.opened);
    expect(complaint(field, await world.api.call(method, path, { body }))).toBeUndefined();
    expect(await tableSums(world.opened)).toEqual(before);
  });
});
