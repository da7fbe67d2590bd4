import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { createSystemRandom } from '../../platform/random.ts';
import { openTestDatabase, type TestDatabase } from '../../storage/testing/open-test-database.ts';
import { type Actor, findKey, type Sealer } from '../../tenants/index.ts';
import { AppService, type VersionUpload } from './app-service.ts';
import { PostgresAppStore } from './app-store.ts';
import type { VersionBuilder } from './version-builder.ts';

describe('the service of apps', () => {
  let opened: TestDatabase;
  const actor: Actor = { name: 'owner', role: 'owner' };
  const sealer = { seal: (text: string) => text, open: (text: string) => text } as unknown as Sealer;
  const built = { version: `ver_${'1'.repeat(32)}`, digest: `sha256:${'1'.repeat(64)}`, log: '' };
  const manifest = { bundle: null, assets: [], settings: {} };
  const service = new AppService({
    clock: systemClock,
    newId: createIdSource(systemClock, createSystemRandom()),
    builder: {
      build: () => Promise.resolve({ ...built, manifest, keep: () => Promise.resolve() }),
    } as unknown as VersionBuilder,
    sealer: () => sealer,
    warm: () => Promise.resolve(),
  });
  const upload: VersionUpload = {
    app: 'shop',
    customer: null,
    files: [],
    settings: { environment: {}, secrets: [], limits: {}, network: { allow: [], headers: [] }, models: true },
  };

  beforeAll(async () => {
    opened = await openTestDatabase();
  });
  afterAll(() => opened.close());

  const keyOfApp = async (): Promise<string> => {
    const app = await new PostgresAppStore(opened.database).find('shop');
    return app?.key ?? '';
  };

  it('ends the key of an app with the app, and makes one of that name anew with a key of its own', async () => {
    const change = { database: opened.database, actor };
    await service.addVersion(change, upload);
    const first = await keyOfApp();
    expect((await findKey(change, first))?.status).toBe('active');
    await service.remove(change, 'shop');
    expect((await findKey(change, first))?.status).toBe('revoked');
    await service.addVersion(change, upload);
    const second = await keyOfApp();
    expect(second).not.toBe(first);
    expect((await findKey(change, second))?.status).toBe('active');
    await expect(service.remove(change, 'other')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('adds nothing to the app of another customer, whoever was faster to make it', async () => {
    const change = { database: opened.database, actor };
    const mine = { ...upload, app: 'contested', settings: { ...upload.settings, models: false } };
    const { version } = await service.addVersion(change, { ...mine, customer: 'acme' });
    const late = service.addVersion(change, { ...mine, customer: 'other' });
    await expect(late).rejects.toMatchObject({ code: 'conflict' });
    // The organisation may change every app.
    const again = await service.addVersion(change, mine);
    expect(again).toMatchObject({ isNew: false, version: { version: version.version } });
  });
});
