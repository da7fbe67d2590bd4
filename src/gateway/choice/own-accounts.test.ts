import { describe, expect, it } from 'vitest';
import type { ResolvedModel } from '../../catalog/index.ts';
import type { Endpoint, Host, HostAuth } from '../../domain/calls/endpoint.ts';
import { policySchema } from '../../config/index.ts';
import { type AccountKey, hostOfAccount, OwnAccounts } from './own-accounts.ts';

function hostWith(id: string, auth: HostAuth): Host {
  return { id, providerId: id, auth, headers: {}, maxConnections: 1 } as unknown as Host;
}

function modelAt(...hosts: readonly Host[]): ResolvedModel {
  const endpoints = hosts.map(
    (host) => ({ id: `${host.id}/m`, modelName: 'small', host, upstreamModel: 'm' }) as unknown as Endpoint,
  );
  return { name: 'small', endpoints, policy: policySchema.parse({}) };
}

const openai = hostWith('openai', { type: 'api-key', apiKey: 'sk-ours' });
const azure = hostWith('azure', { type: 'azure', apiVersion: '1', bearer: 'ours' });
const aws = hostWith('bedrock', { type: 'aws', region: 'r', accessKeyId: 'a', secretAccessKey: 's' });
const key: AccountKey = { secret: 'sk-theirs' };
const accounts = new OwnAccounts({
  hostsOf: (customer) =>
    customer === 'acme'
      ? new Map<string, AccountKey>([
          ['openai', key],
          ['azure', key],
          ['bedrock', key],
          ['sealed', { secret: undefined }],
        ])
      : undefined,
});

describe("customers' own accounts", () => {
  it('take the place of ours at their host, as hosts of their own', () => {
    const other = hostWith('other', { type: 'none' });
    const [model] = accounts.at('acme', [modelAt(openai, azure, other)]);
    expect(model?.endpoints).toMatchObject([
      {
        id: 'openai@acme/m',
        ownAccount: true,
        host: { id: 'openai@acme', providerId: 'openai', auth: { apiKey: 'sk-theirs' } },
      },
      { id: 'azure@acme/m', host: { auth: { type: 'azure', apiVersion: '1', apiKey: 'sk-theirs' } } },
      { id: 'other/m', host: { id: 'other' } },
    ]);
    expect(model?.endpoints[1]?.host.auth).not.toHaveProperty('bearer');
    expect(hostOfAccount('openai@acme')).toBe('openai');
  });

  it('are the same object at every call, so that connections and circuits are found again', () => {
    const models = [modelAt(openai), modelAt(openai)];
    const [one, two] = accounts.at('acme', models);
    const [again] = accounts.at('acme', models);
    expect(again?.endpoints[0]).toBe(one?.endpoints[0]);
    expect(two?.endpoints[0]?.host).toBe(one?.endpoints[0]?.host);
  });

  it('never fall back to ours: a key that does not open, or not alone, serves nothing', () => {
    const sealed = hostWith('sealed', { type: 'api-key', apiKey: 'sk-ours' });
    expect(accounts.at('acme', [modelAt(sealed, aws)])[0]?.endpoints).toEqual([]);
  });

  it('change nothing for customers without any', () => {
    const models = [modelAt(openai)];
    expect(accounts.at('globex', models)).toBe(models);
  });
});
