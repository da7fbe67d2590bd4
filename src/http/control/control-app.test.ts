import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Fault } from '../../domain/faults/fault.ts';
import { openTestDatabase, type TestDatabase } from '../../storage/testing/open-test-database.ts';
import { readCursor, writeCursor } from './framework/cursor.ts';
import { nanos, pageFields, pageOf } from './framework/fields.ts';
import { readers, staff } from './framework/principal.ts';
import { type ControlRoute, route } from './framework/route.ts';
import { type ControlHarness, createControlHarness } from './testing/control-harness.ts';

let opened: TestDatabase;
let api: ControlHarness;
let failure: Error | undefined;

const noteBody = z.strictObject({
  limitNanos: nanos,
  tags: z
    .array(z.enum(['a', 'b']))
    .max(2)
    .optional(),
});

const testRoutes: ControlRoute[] = [
  route({
    operationId: 'createNote',
    method: 'post',
    path: '/notes',
    tag: 'test',
    summary: 'Changes something.',
    roles: ['owner', 'operator'],
    scope: 'organisation',
    status: 201,
    audit: 'note.create',
    secretField: 'secret',
    body: noteBody,
    answer: z.object({ id: z.string(), secret: z.string(), limitNanos: z.bigint() }),
    async handle({ body }, { database, audited, atMs }) {
      const { rows } = await sql<{ id: bigint }>`
        INSERT INTO plan (id, display_name, status, created_at_ms, updated_at_ms)
        SELECT 'note-' || (count(*) + 1), 'note', 'active', ${atMs}, ${atMs} FROM plan RETURNING id`.execute(
        database.db,
      );
      audited({ id: String(rows[0]?.id), after: { limitNanos: body.limitNanos } });
      if (failure) throw failure;
      return { id: String(rows[0]?.id), secret: 'shown-once', limitNanos: body.limitNanos };
    },
  }),
  route({
    operationId: 'getPurse',
    method: 'get',
    path: '/purses/{customerId}',
    tag: 'test',
    summary: 'A customer in the path.',
    roles: readers,
    scope: 'path',
    params: z.strictObject({ customerId: z.string() }),
    answer: z.object({ customerId: z.string(), chargeNanos: z.string(), costNanos: z.string() }),
    handle: ({ params }) => Promise.resolve({ customerId: params.customerId, chargeNanos: '3', costNanos: '2' }),
  }),
  route({
    operationId: 'listPurses',
    method: 'get',
    path: '/purses',
    tag: 'test',
    summary: 'A customer in the filter.',
    roles: readers,
    scope: 'query',
    query: z.strictObject({ ...pageFields, customer: z.string().optional() }),
    answer: pageOf(z.object({ customerId: z.string() })),
    handle: ({ query }) =>
      Promise.resolve({ data: [{ customerId: query.customer ?? 'everyone' }], nextCursor: query.cursor ?? null }),
  }),
  route({
    operationId: 'getThing',
    method: 'get',
    path: '/things/{thingId}',
    tag: 'test',
    summary: 'Only the answer tells whose it is.',
    roles: readers,
    scope: 'answer',
    params: z.strictObject({ thingId: z.string() }),
    answer: z.object({ customerId: z.string() }),
    ownerOf: ({ customerId }) => customerId,
    handle: ({ params }) => Promise.resolve({ customerId: params.thingId }),
  }),
];

beforeAll(async () => {
  opened = await openTestDatabase();
  await sql`INSERT INTO customer (id, display_name, status, source, created_at_ms, updated_at_ms)
    VALUES ('acme', 'Acme', 'active', 'api', 0, 0), ('globex', 'Globex', 'active', 'api', 0, 0)`.execute(
    opened.database.db,
  );
  api = createControlHarness(opened.database, testRoutes);
});
afterAll(() => opened.close());
beforeEach(() => (failure = undefined));

async function countOf(table: string): Promise<bigint> {
  const { rows } = await sql<{ count: bigint }>`SELECT count(*) FROM ${sql.table(table)}`.execute(opened.database.db);
  return BigInt(rows[0]?.count ?? -1n);
}

describe('who may call', () => {
  it('is nobody without a token, with a wrong one, or with one of an end user', async () => {
    for (const token of ['', 'wrong', 'swa_wrong']) {
      const { status, body } = await api.call('GET', '/access-tokens', { token });
      expect([status, body['code']]).toEqual([401, 'key_invalid']);
    }
    expect((await api.call('GET', '/live', { token: 'eyJhbGciOi' })).status).toBe(403);
  });

  it('is told by the role of the token, in words that say which role it takes', async () => {
    const [finance, viewer] = [await api.tokenOf('finance'), await api.tokenOf('viewer')];
    const refused = await api.call('POST', '/notes', { token: finance, body: { limitNanos: '1' } });
    expect([refused.status, refused.body['code']]).toEqual([403, 'not_allowed']);
    expect(refused.body['detail']).toContain('owner or operator');
    expect((await api.call('GET', '/purses/acme', { token: finance })).status).toBe(200);
    expect((await api.call('GET', '/purses/acme', { token: viewer })).status).toBe(403);
    expect((await api.call('GET', '/access-tokens', { token: finance })).status).toBe(403);
  });

  it('keeps a token of one customer to its own rows on every kind of route', async () => {
    const token = await api.tokenOf('viewer', 'acme');
    expect((await api.call('GET', '/purses/acme', { token })).status).toBe(200);
    expect((await api.call('GET', '/purses/globex', { token })).status).toBe(404);
    expect((await api.call('GET', '/purses', { token })).body['data']).toEqual([{ customerId: 'acme' }]);
    expect((await api.call('GET', '/purses?customer=globex', { token })).status).toBe(404);
    expect((await api.call('GET', '/purses?customer=acme&customer=globex', { token })).status).toBe(404);
    expect((await api.call('GET', '/things/acme', { token })).status).toBe(200);
    expect((await api.call('GET', '/things/globex', { token })).status).toBe(404);
    expect((await api.call('GET', '/live', { token })).status).toBe(403);
  });

  it('never shows a customer what its requests cost the organisation', async () => {
    const token = await api.tokenOf('viewer', 'acme');
    expect((await api.call('GET', '/purses/acme')).body).toHaveProperty('costNanos', '2');
    expect((await api.call('GET', '/purses/acme', { token })).body).toEqual({ customerId: 'acme', chargeNanos: '3' });
  });

  it('ends with the token: revoked ones are unknown at once', async () => {
    const made = await api.call('POST', '/access-tokens', { body: { name: 'brief', role: 'finance' } });
    const token = String(made.body['secret']);
    expect((await api.call('GET', '/purses', { token })).status).toBe(200);
    expect((await api.call('POST', `/access-tokens/${String(made.body['id'])}/revoke`)).status).toBe(200);
    expect((await api.call('GET', '/purses', { token })).status).toBe(401);
    const expired = await api.call('POST', '/access-tokens', {
      body: { name: 'old', role: 'finance', expiresAtMs: 1 },
    });
    expect((await api.call('GET', '/purses', { token: String(expired.body['secret']) })).status).toBe(401);
  });
});

describe('changes', () => {
  it('answer the same for the same idempotency key, once, and without the secret of the first time', async () => {
    const before = await countOf('plan');
    const call = { body: { limitNanos: '9007199254740993' }, idempotencyKey: 'once' };
    const [first, second] = [await api.call('POST', '/notes', call), await api.call('POST', '/notes', call)];
    expect(first.body).toMatchObject({ secret: 'shown-once', limitNanos: '9007199254740993' });
    expect(second.status).toBe(201);
    expect(second.body).toEqual({ ...first.body, secret: null });
    expect(await countOf('plan')).toBe(before + 1n);
    const kept = await sql<{ all: string }>`SELECT string_agg(response::text, '') AS all FROM idempotency_key`.execute(
      opened.database.db,
    );
    expect(kept.rows[0]?.all).not.toContain('shown-once');
  });

  it('refuse the same key with another payload, and serve another caller of the same key', async () => {
    const operator = await api.tokenOf('operator');
    await api.call('POST', '/notes', { body: { limitNanos: '1' }, idempotencyKey: 'mine' });
    const other = await api.call('POST', '/notes', { body: { limitNanos: '2' }, idempotencyKey: 'mine' });
    expect([other.status, other.body['code'], other.body['param']]).toEqual([409, 'conflict', 'Idempotency-Key']);
    const foreign = { token: operator, body: { limitNanos: '2' }, idempotencyKey: 'mine' };
    expect((await api.call('POST', '/notes', foreign)).status).toBe(201);
    expect((await api.call('POST', '/notes', { body: { limitNanos: '1' }, idempotencyKey: 'a b' })).status).toBe(400);
  });

  it('made at the same time under one key happen once', async () => {
    const before = await countOf('plan');
    const call = { body: { limitNanos: '5' }, idempotencyKey: 'race' };
    const answers = await Promise.all(Array.from({ length: 4 }, () => api.call('POST', '/notes', call)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(new Set(answers.map(({ body }) => body['id'])).size).toBe(1);
    expect(await countOf('plan')).toBe(before + 1n);
  });

  it('that fail leave nothing behind: no row, no audit entry, no claimed key', async () => {
    const before = [await countOf('plan'), await countOf('audit_entry')];
    failure = new Fault('conflict', { message: 'Not now.' });
    const call = { body: { limitNanos: '1' }, idempotencyKey: 'fails' };
    expect((await api.call('POST', '/notes', call)).status).toBe(409);
    expect([await countOf('plan'), await countOf('audit_entry')]).toEqual(before);
    failure = undefined;
    expect((await api.call('POST', '/notes', call)).status).toBe(201);
  });

  it('stand in the audit log with who made them, newest first, in stable pages', async () => {
    for (const limitNanos of ['11', '12', '13']) await api.call('POST', '/notes', { body: { limitNanos } });
    const first = await api.call('GET', '/audit-log?limit=2');
    const cursor = String(first.body['nextCursor']);
    await api.call('POST', '/notes', { body: { limitNanos: '14' } });
    const second = await api.call('GET', `/audit-log?limit=1&cursor=${cursor}`);
    const amounts = [first, second].flatMap(({ body }) =>
      (body['data'] as { after: { limitNanos: string }; actor: string }[]).map(({ after, actor }) => [actor, after]),
    );
    expect(amounts).toEqual(['13', '12', '11'].map((limitNanos) => ['owner', { limitNanos }]));
  });
});

describe('wrong input', () => {
  it.each([
    [{}, 'limitNanos', 'is needed: a string'],
    [{ limitNanos: 5 }, 'limitNanos', 'must be a string, not a number'],
    [{ limitNanos: '-5' }, 'limitNanos', 'must be a whole amount of nano-USD'],
    [{ limitNanos: '1e9' }, 'limitNanos', 'must be a whole amount of nano-USD'],
    [{ limitNanos: '99999999999999999999' }, 'limitNanos', 'must fit 64 bits'],
    [{ limitNanos: '1', limit: 1 }, 'limit', 'is no field of this call'],
    [{ limitNanos: '1', tags: ['a', 'c'] }, 'tags.1', 'must be "a" or "b"'],
    ['[1', 'body', 'is no JSON'],
    [undefined, 'body', 'is needed: a JSON object'],
    [[], 'body', 'must be an object, not an array'],
  ])('%j is answered with the field and how to mend it', async (body, field, words) => {
    const before = await countOf('plan');
    const { status, contentType, body: problem } = await api.call('POST', '/notes', { body });
    expect([status, contentType]).toEqual([400, 'application/problem+json']);
    expect(problem).toMatchObject({ code: 'invalid_request', status: 400, param: field });
    expect(problem['detail']).toContain(words);
    expect((problem['errors'] as { field: string }[]).map((one) => one.field)).toContain(field);
    expect(await countOf('plan')).toBe(before);
  });

  it('names every field at once', async () => {
    const { body } = await api.call('POST', '/notes?a=1', { body: { limitNanos: true, more: 1, tags: [1] } });
    const fields = (body['errors'] as { field: string }[]).map(({ field }) => field);
    expect(fields.sort()).toEqual(['a', 'limitNanos', 'more', 'tags.0']);
  });

  it('is refused in parameters too: unknown, repeated, out of range, and cursors that we did not make', async () => {
    for (const [query, field] of [
      ['limit=0', 'limit'],
      ['limit=201', 'limit'],
      ['limit=1&limit=2', 'limit'],
      ['sort=id', 'sort'],
      ['cursor=%27;--', 'cursor'],
      [`cursor=${Buffer.from('["x"]').toString('base64url')}`, 'cursor'],
    ]) {
      const { status, body } = await api.call('GET', `/audit-log?${query}`);
      expect([status, body['param']]).toEqual([400, field]);
    }
  });

  it('a body that is too large is refused before it is read', async () => {
    const { status, body } = await api.call('POST', '/notes', { body: `"${'x'.repeat(1024 * 1024)}"` });
    expect([status, body['code']]).toEqual([413, 'too_large']);
  });

  it('another method of a known path says which there are', async () => {
    const { status, body } = await api.call('DELETE', '/notes');
    expect([status, body['code'], body['detail']]).toEqual([405, 'method_not_allowed', 'This route takes POST.']);
  });
});

describe('without a database', () => {
  const alone = createControlHarness(undefined, testRoutes);

  it('routes that need one say why there is none and when to try again', async () => {
    const { status, body } = await alone.call('GET', '/purses');
    expect([status, body['code']]).toEqual([503, 'database_unavailable']);
    expect(body['detail']).toContain('it is starting');
    expect((await alone.call('GET', '/purses', { token: 'swa_x' })).status).toBe(503);
  });

  it('the others answer', async () => {
    expect((await alone.call('GET', '/live')).status).toBe(200);
    expect((await alone.call('GET', `/requests/req_${'0'.repeat(32)}`)).status).toBe(404);
  });
});

describe('cursors', () => {
  it('come back as they were made', () => {
    expect(readCursor(writeCursor(['a', 5]), ['string', 'number'])).toEqual(['a', 5]);
    expect(() => readCursor(writeCursor([{ a: 1 } as never]), ['string'])).toThrow('nextCursor');
  });
});

describe('the OpenAPI document', () => {
  it('says of each route who may call it, what it takes and what it answers', async () => {
    const { body } = await api.call('GET', '/openapi.json');
    const paths = body['paths'] as { [path: string]: { [method: string]: Record<string, unknown> } };
    expect(body['openapi']).toBe('3.1.0');
    expect(paths['/api/v1/notes']?.['post']).toMatchObject({
      operationId: 'createNote',
      'x-switchyard-roles': ['owner', 'operator'],
      'x-switchyard-scope': 'organisation',
      requestBody: { content: { 'application/json': { schema: { additionalProperties: false } } } },
    });
    expect(Object.keys(paths)).toHaveLength(new Set(api.routes.map(({ path }) => path)).size);
    expect(JSON.stringify(body)).not.toContain('$defs');
    expect(staff).not.toContain('viewer');
  });
});
