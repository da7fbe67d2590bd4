import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configSchema, type LoadedConfig } from '../../config/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { createIdSource } from '../../platform/ids.ts';
import { silentLogger } from '../../platform/logger.ts';
import { createSystemRandom } from '../../platform/random.ts';
import { openTestDatabase, type TestDatabase } from '../../storage/testing/open-test-database.ts';
import { buildKeyRing, type KeyRing } from '../key-ring.ts';
import { ChargeProjector, type FundingPart } from '../spending/index.ts';
import { TokenVerifier } from '../token-verifier.ts';
import { createKey, listKeys, revokeKey, rotateKey } from './api-keys.ts';
import { ControlFeed } from './control-feed.ts';
import type { ControlSnapshot } from './control-snapshot.ts';
import type { Actor, ControlStore } from './control-store.ts';
import { createCustomer, updateCustomer } from './customers.ts';
import { sealPurpose, setProviderCredential } from './provider-credentials.ts';
import { openSealer } from './sealer.ts';
import { syncConfig } from './sync-config.ts';
import { createTokenSigner, revokeToken } from './token-signers.ts';
import { findWallet, grantToWallet, openWallet, sweepWallets } from './wallets.ts';

const owner: Actor = { name: 'owner', role: 'owner' };
const directory = mkdtempSync(join(tmpdir(), 'switchyard-control-'));
const sealer = openSealer(directory);
const config = configSchema.parse({});
const loaded: LoadedConfig = {
  file: 'switchyard.yaml',
  exists: true,
  isBlank: false,
  config,
  secrets: { environment: {}, directory },
  warnings: [],
};

let nowMs = Date.UTC(2026, 10, 1);
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
const newId = createIdSource(clock, createSystemRandom());

let test: TestDatabase;
let store: ControlStore & { sealer: typeof sealer };
let feed: ControlFeed;
let ring: KeyRing = buildKeyRing(loaded);
beforeAll(async () => {
  test = await openTestDatabase();
  store = { database: test.database, clock, newId, sealer };
  feed = new ControlFeed({ dataDirectory: directory, clock, logger: silentLogger, pollMs: 60_000, changed: take });
  await feed.follow(test.database);
  await createCustomer(store, owner, { id: 'acme', timeZone: 'Europe/Berlin' });
});
afterAll(async () => {
  await feed.close();
  await test.close();
  rmSync(directory, { recursive: true, force: true });
});

function take(snapshot: ControlSnapshot): void {
  ring = buildKeyRing(loaded, { snapshot, clock });
}

async function faultOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return Fault.is(error) ? `${error.code} ${error.param ?? ''}`.trim() : String(error);
}

describe('keys', () => {
  it('are shown once, found at once on every gateway, rotated with overlap and revoked without a poll', async () => {
    const { key, secret } = await createKey(store, owner, { name: 'web', customer: 'acme', models: ['fast'] });
    expect([key.customer, secret.startsWith('sk-sy-'), secret.length]).toEqual(['acme', true, 49]);
    await expect.poll(() => ring.find(secret)?.name).toBe('web');
    expect([ring.find(secret)?.mayUse('fast'), ring.find(secret)?.mayUse('slow')]).toEqual([true, false]);
    expect(JSON.stringify(await listKeys(store))).not.toContain(secret);

    const next = await rotateKey(store, owner, { name: 'web', overlapMs: 1_000 });
    await expect.poll(() => ring.find(next.secret)?.name).toBe('web');
    expect(ring.find(secret)?.name).toBe('web');
    nowMs += 1_000;
    expect([ring.find(secret), ring.find(next.secret)?.name]).toEqual([undefined, 'web']);

    await revokeKey(store, owner, 'web');
    await expect.poll(() => ring.find(next.secret)).toBeUndefined();
    expect(await faultOf(rotateKey(store, owner, { name: 'web', overlapMs: 0 }))).toBe('not_found');
    expect(await faultOf(createKey(store, owner, { name: 'web', customer: 'acme' }))).toBe('conflict');
    // The last key is gone: that must not open the gateway to callers without one.
    expect(ring.isEmpty).toBe(false);
  });

  it('of a suspended customer are refused, and the customer bounds their models', async () => {
    await createCustomer(store, owner, { id: 'globex', models: ['fast', 'small-*'] });
    const { secret } = await createKey(store, owner, { name: 'g1', customer: 'globex' });
    await feed.refresh(test.database);
    expect(['fast', 'small-x', 'big'].map((model) => ring.find(secret)?.mayUse(model))).toEqual([true, true, false]);
    await updateCustomer(store, owner, { id: 'globex', status: 'suspended' });
    await feed.refresh(test.database);
    expect(ring.find(secret)).toBeUndefined();
  });

  it('survive on the disk for a start without the database, with the age of what is known', async () => {
    const { secret } = await createKey(store, owner, { name: 'disk', customer: 'acme' });
    await feed.refresh(test.database);
    let found: KeyRing | undefined;
    const changed = (snapshot: ControlSnapshot): void => {
      found = buildKeyRing(loaded, { snapshot, clock });
    };
    const alone = new ControlFeed({ dataDirectory: directory, clock, logger: silentLogger, changed });
    await alone.loadFromDisk();
    nowMs += 5_000;
    expect([found?.find(secret)?.name, alone.ageMs]).toEqual(['disk', 5_000]);
  });

  it('leave a record of each change and no secret in it', async () => {
    const rows = await test.database.db.selectFrom('audit_entry').selectAll().where('subject_id', '=', 'web').execute();
    expect(rows.map(({ action, actor, customer_id }) => [action, actor, customer_id])).toEqual(
      ['key.create', 'key.rotate', 'key.revoke'].map((action) => [action, 'owner', 'acme']),
    );
    await expect(test.database.db.deleteFrom('audit_entry').execute()).rejects.toThrow('append-only');
  });

  it('name the field that is wrong', async () => {
    const work = [
      createCustomer(store, owner, { id: 'bad id' }),
      createCustomer(store, owner, { id: 'x', timeZone: 'Mars/Base' }),
      createKey(store, owner, { name: 'k', customer: 'acme', project: 'none' }),
      createKey(store, owner, { name: 'k', customer: 'nobody' }),
      rotateKey(store, owner, { name: 'disk', overlapMs: -1 }),
    ];
    expect(await Promise.all(work.map(faultOf))).toEqual([
      'invalid_request id',
      'invalid_request timeZone',
      'invalid_request project',
      'not_found',
      'invalid_request overlapMs',
    ]);
  });
});

describe('the configuration file', () => {
  it('is brought in once, owns what it names, and revokes what it no longer names', async () => {
    const withKey = configSchema.parse({
      keys: [{ name: 'from-file', secret: 'env:K', customer: 'hooli', project: 'web', budget: { limitUsd: '5.00' } }],
    });
    await syncConfig(store, withKey);
    const before = await versionOf();
    await syncConfig(store, withKey);
    expect(await versionOf()).toBe(before);
    const { db } = test.database;
    const budget = await db.selectFrom('budget').selectAll().where('name', '=', 'from-file').executeTakeFirstOrThrow();
    expect([budget.limit_nanos, budget.status]).toEqual([5_000_000_000n, 'active']);
    const ofKey = db.selectFrom('api_key').select('project_id').where('name', '=', 'from-file');
    expect(await ofKey.executeTakeFirst()).toEqual({ project_id: 'web' });
    expect(await faultOf(revokeKey(store, owner, 'from-file'))).toBe('conflict');

    await syncConfig(store, configSchema.parse({}));
    const key = await db.selectFrom('api_key').select('status').where('name', '=', 'from-file').executeTakeFirst();
    const archived = await db.selectFrom('budget').select('status').where('name', '=', 'from-file').executeTakeFirst();
    expect([key?.status, archived?.status]).toEqual(['revoked', 'archived']);
  });

  it('cannot take a name that a key of the API has', async () => {
    const clash = configSchema.parse({ keys: [{ name: 'disk', secret: 'env:K' }] });
    expect(await faultOf(syncConfig(store, clash))).toBe('conflict');
  });
});

describe('tokens that a backend signs', () => {
  it('speak for one end user from one page, within a budget, until they are revoked or over', async () => {
    await createKey(store, owner, { name: 'backend', customer: 'acme' });
    const { signer, secret } = await createTokenSigner(store, owner, { key: 'backend' });
    await feed.refresh(test.database);
    const verifier = new TokenVerifier({
      clock,
      sealer: () => sealer,
      snapshot: () => feed.snapshot,
      keys: () => ring,
    });
    const origin = 'https://app.example';
    const sign = async (claims: object, kid = signer.id): Promise<string> =>
      new SignJWT({ origin, ...claims })
        .setProtectedHeader({ alg: 'HS256', kid })
        .setSubject('ann')
        .setJti('t1')
        .setExpirationTime(Math.floor(nowMs / 1000) + 600)
        .sign(Buffer.from(secret ?? '', 'base64url'));
    const token = await sign({ job: 'chat', budgetUsd: '0.25' });
    const use = await verifier.verify(token, origin);
    if (Fault.is(use)) throw use;
    expect([use.key.name, use.key.customer, use.key.endUser, use.key.onlyJob]).toEqual([
      'backend',
      'acme',
      'ann',
      'chat',
    ]);
    expect([use.key.token?.id, use.key.token?.limitNanos]).toEqual([`${signer.id}.t1`, 250_000_000n]);
    expect(verifier.verify(token, origin)).not.toBeInstanceOf(Promise);

    const codes = async (...tokens: [string, string?][]): Promise<string[]> =>
      Promise.all(
        tokens.map(async ([text, from]) => {
          const answer = await verifier.verify(text, from);
          return Fault.is(answer) ? answer.code : 'ok';
        }),
      );
    const [head = '', , signature = ''] = token.split('.');
    const forged = `${head}.${Buffer.from('{"sub":"bob","jti":"t","exp":9999999999}').toString('base64url')}.${signature}`;
    const unknown = await sign({}, 'signer_other');
    expect(await codes([token, 'https://evil.example'], [token], [forged, origin], [unknown, origin])).toEqual([
      'not_allowed',
      'not_allowed',
      'key_invalid',
      'key_invalid',
    ]);
    const malformed = [{ job: 7 }, { origin: [origin] }, { models: 'small' }, { budgetUsd: 0.25 }];
    const widened = await Promise.all(
      malformed.map(async (claims) => [await sign(claims), origin] as [string, string]),
    );
    expect(await codes(...widened)).toEqual(malformed.map(() => 'key_invalid'));
    await revokeToken(store, owner, { signer: signer.id, id: 't1', expiresAtMs: nowMs + 600_000 });
    await feed.refresh(test.database);
    expect(await codes([token, origin])).toEqual(['key_invalid']);
  });
});

describe("customers' own provider keys", () => {
  it('are kept sealed and open for their customer and host only', async () => {
    await setProviderCredential(store, owner, { customer: 'acme', host: 'openai', secret: 'sk-provider-1234' });
    await feed.refresh(test.database);
    const sealed = feed.snapshot?.credentials[0]?.sealed ?? '';
    expect(sealed).not.toContain('provider');
    expect(sealer.open(sealed, sealPurpose('acme', 'openai'))).toBe('sk-provider-1234');
    expect(() => sealer.open(sealed, sealPurpose('globex', 'openai'))).toThrow();
  });
});

describe('wallets', () => {
  it('[money 53] [money 55] burn in order, give back in reverse, and let a late fact burn what was written off', async () => {
    const usd = 1_000_000_000n;
    await createCustomer(store, owner, { id: 'prepaid' });
    await openWallet(store, owner, { customer: 'prepaid' });
    const put = { customer: 'prepaid', amountNanos: 10n * usd, kind: 'prepaid' as const, operationKey: 'top-up-1' };
    expect((await grantToWallet(store, owner, put)).isNew).toBe(true);
    expect((await grantToWallet(store, owner, put)).isNew).toBe(false);
    expect(await faultOf(grantToWallet(store, owner, { ...put, amountNanos: usd }))).toBe('conflict operationKey');
    const expiresAtMs = nowMs + 1_000;
    await grantToWallet(store, owner, {
      ...put,
      kind: 'promo',
      amountNanos: 5n * usd,
      operationKey: 'gift',
      expiresAtMs,
    });

    const startedAtMs = nowMs + 1;
    expect(await charge(375n * (usd / 100n), startedAtMs)).toEqual(['promo 3750000000']);
    nowMs += 2_000;
    const [expired] = await sweepWallets(store, { name: 'leader', role: 'config' });
    expect([expired?.amountNanos, await limit()]).toEqual([1_250_000_000n, 13_750_000_000n]);
    expect(await sweepWallets(store, owner)).toEqual([]);
    expect(await charge(2n * usd, startedAtMs)).toEqual(['promo 1250000000 fromBreakage', 'prepaid 750000000']);
    expect(await limit()).toBe(15n * usd);
    expect((await findWallet(store, 'prepaid'))?.balanceNanos).toBe(9_250_000_000n);
    expect(await charge(-usd, startedAtMs)).toEqual(['prepaid -750000000', 'promo -250000000 fromBreakage']);
    expect(await charge(20n * usd, nowMs)).toEqual(['prepaid 10000000000', 'receivable 10000000000']);
  });

  async function limit(): Promise<bigint> {
    const query = test.database.db.selectFrom('budget').select('limit_nanos').where('id', '=', 'wallet:prepaid');
    return (await query.executeTakeFirstOrThrow()).limit_nanos;
  }

  async function charge(chargeNanos: bigint, startedAtMs: number): Promise<string[]> {
    const spender = { customer: 'prepaid', key: 'k' };
    const isCorrection = chargeNanos < 0n;
    const row = { exchangeId: 'x', gatewayId: 'g', spender, chargeNanos, startedAtMs, isCorrection };
    const settled = await test.database.db
      .transaction()
      .execute(async (trx) => new ChargeProjector().settleProjected(trx, [row]));
    const describePart = ({ kind, amountNanos, fromBreakage }: FundingPart): string =>
      `${kind} ${amountNanos}${fromBreakage === true ? ' fromBreakage' : ''}`;
    return settled.fundings.flatMap(({ parts }) => parts.map(describePart));
  }
});

async function versionOf(): Promise<bigint> {
  const row = await test.database.db.selectFrom('control_version').select('version').executeTakeFirstOrThrow();
  return row.version;
}
