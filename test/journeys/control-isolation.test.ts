import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readers } from '../../src/http/control/framework/principal.ts';
import { route } from '../../src/http/control/framework/route.ts';
import { type ControlAnswer, createControlHarness } from '../../src/http/control/testing/control-harness.ts';
import {
  type ControlDocument,
  type DocumentOperation,
  fillPath,
  readControlDocument,
} from './support/control-document.ts';
import { rightQueries } from './support/right-bodies.ts';
import { markOf, worldCustomers } from './support/control-customers.ts';
import { type ControlWorld, openControlWorld, tableSums } from './support/control-world.ts';

/** A route with a defect, to see that the search would find it. */
const leaky = route({
  operationId: 'listEverything',
  method: 'get',
  path: '/everything',
  tag: 'test',
  summary: 'Forgets the filter.',
  roles: readers,
  scope: 'query',
  query: z.strictObject({ customer: z.string().optional() }),
  answer: z.object({ data: z.array(z.string()) }),
  handle: () => Promise.resolve({ data: worldCustomers.map(markOf) }),
});

let world: ControlWorld;
let document: ControlDocument;
beforeAll(async () => {
  world = await openControlWorld();
  document = await readControlDocument(world.api);
}, 120_000);
afterAll(() => world?.close());

type Call = (operation: DocumentOperation, query?: object) => Promise<ControlAnswer>;

function caller(token: string, ids: { readonly [name: string]: string }, api = world.api): Call {
  return (operation, query = {}) => {
    const body = operation.isChange && operation.body !== undefined ? {} : undefined;
    const parameters = new URLSearchParams({ ...rightQueries[operation.operationId], ...query }).toString();
    const path = fillPath(operation, ids);
    return api.call(operation.method, parameters === '' ? path : `${path}?${parameters}`, { token, body });
  };
}

/** Everything that a token of one customer reaches although it is another's; empty when there is nothing. */
async function findLeaks(searched: ControlDocument, api = world.api): Promise<string[]> {
  const leaks: string[] = [];
  for (const own of worldCustomers) {
    const other = own === 'acme' ? 'globex' : 'acme';
    const token = await world.api.tokenOf('viewer', own);
    for (const operation of searched.operations) {
      const answers: [string, ControlAnswer][] = [
        ['own ids', await caller(token, world.ids[own], api)(operation)],
        ['foreign ids', await caller(token, world.ids[other], api)(operation)],
        ['foreign filter', await caller(token, world.ids[own], api)(operation, { customer: other })],
      ];
      for (const [how, answer] of answers) {
        if (answer.text.includes(markOf(other))) leaks.push(`${operation.operationId} as ${own}, ${how}`);
        if (how === 'foreign ids' && operation.path.includes('{') && ![403, 404].includes(answer.status)) {
          leaks.push(`${operation.operationId} as ${own}, ${how}: ${answer.status}`);
        }
      }
    }
  }
  return leaks;
}

describe('a token of one customer', () => {
  it('reaches nothing of another one through any route, id or filter', async () => {
    const before = await tableSums(world.opened);
    expect(await findLeaks(document)).toEqual([]);
    const after = await tableSums(world.opened);
    // The search itself makes a token for each customer, and the audit log says so.
    expect({ ...after, access_token: '', audit_entry: '' }).toEqual({ ...before, access_token: '', audit_entry: '' });
  });

  it('does reach what is its own, on every route that is open to it', async () => {
    const open = document.operations.filter(({ roles, scope }) => roles.includes('viewer') && scope !== 'organisation');
    expect(open.length).toBeGreaterThanOrEqual(8);
    const seen: string[] = [];
    for (const own of worldCustomers) {
      const call = caller(await world.api.tokenOf('viewer', own), world.ids[own]);
      for (const operation of open) {
        const answer = await call(operation);
        expect([operation.operationId, answer.status]).toEqual([operation.operationId, 200]);
        if (answer.text.includes(markOf(own))) seen.push(`${own} ${operation.operationId}`);
      }
    }
    for (const own of worldCustomers) expect(seen).toContain(`${own} getCustomer`);
    expect(seen.length).toBeGreaterThanOrEqual(open.length);
  });

  it('never sees what its requests cost the organisation', async () => {
    const token = await world.api.tokenOf('viewer', 'acme');
    for (const operation of document.operations) {
      const { text } = await caller(token, world.ids.acme)(operation);
      expect(text).not.toMatch(/"[A-Za-z]*(cost|margin|absorbed|waste)[A-Za-z]*":/i);
    }
  });

  it('would be found out if a route forgot the filter', async () => {
    const api = createControlHarness(world.opened.database, [leaky]);
    const leaks = await findLeaks(await readControlDocument(api), api);
    expect(leaks).toContain('listEverything as acme, own ids');
  });
});

describe('every route', () => {
  it.each(['owner', 'operator', 'finance', 'viewer'])(
    'refuses the role %s exactly where the document says so',
    async (role) => {
      const token = await world.api.tokenOf(role);
      const call = caller(token, world.ids.acme);
      for (const operation of document.operations) {
        const isAllowed = operation.roles.includes(role) && (role !== 'viewer' || operation.scope === 'organisation');
        // A change is asked for without what it needs, so that being allowed to make it does not make it.
        const { status } =
          operation.isChange && operation.body === undefined && isAllowed ? { status: 200 } : await call(operation);
        expect([operation.operationId, status === 403]).toEqual([operation.operationId, !isAllowed]);
      }
    },
  );

  it('shows a viewer without a customer no data of any customer', async () => {
    const call = caller(await world.api.tokenOf('viewer'), world.ids.acme);
    for (const operation of document.operations) {
      const { text } = await call(operation);
      for (const customer of worldCustomers) expect(text).not.toContain(markOf(customer));
    }
  });

  it('is closed to nobody, to strangers, to keys of customers and to tokens of end users', async () => {
    const endUser = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from('{"sub":"u"}').toString('base64url')}.c2ln`;
    for (const token of ['', 'wrong', 'swa_wrong', endUser, world.keySecrets.acme, world.keySecrets.globex]) {
      const call = caller(token, world.ids.acme);
      for (const operation of document.operations) {
        const { status, text } = await call(operation);
        expect([401, 403]).toContain(status);
        for (const customer of worldCustomers) expect(text).not.toContain(markOf(customer));
      }
    }
  });

  it('is in the document: one without routes is no proof', async () => {
    expect(document.operations).toHaveLength(world.api.routes.length);
    const empty = {
      ...world.api,
      call: () =>
        Promise.resolve({ status: 200, text: '', contentType: '', body: { paths: {}, components: { schemas: {} } } }),
    };
    await expect(readControlDocument(empty)).rejects.toThrow('no routes');
  });
});
