import { describe, expect, it } from 'vitest';
import type { ResolvedModel } from '../../catalog/index.ts';
import { policySchema } from '../../config/index.ts';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { resolveNamed } from './resolve-named.ts';

function model(name: string, ...fallbacks: string[]): ResolvedModel {
  const endpoints = [name, ...fallbacks].map((one) => ({ id: `host/${one}`, modelName: one }) as Endpoint);
  return { name, endpoints, policy: policySchema.parse({ maxAttempts: endpoints.length }) };
}

const configured = [model('small', 'spare'), model('large'), model('spare'), model('one,name')];
const catalog = {
  choosable: () => configured,
  resolve: (name: string) =>
    configured.find((one) => one.name === name) ??
    (name.includes('/') ? model(name) : new Fault('model_unknown', { message: name })),
};

function ask(name: string, may: (model: string) => boolean = () => true): unknown {
  const found = resolveNamed(name, { key: { name: 'dev', mayUse: may } as never }, catalog);
  return Fault.is(found) ? [found.code, found.message] : found.endpoints.map(({ modelName }) => modelName);
}

describe('the models that a request names', () => {
  it('are one, with what its configuration falls back on', () => {
    expect(ask('small')).toEqual(['small', 'spare']);
    expect(ask('one,name')).toEqual(['one,name']);
  });

  it('are tried in the order of the list, and only then what the configuration falls back on', () => {
    expect(ask('small, large')).toEqual(['small', 'large', 'spare']);
    expect(ask('openai/a,acme/b,openai/a')).toEqual(['openai/a', 'acme/b']);
    expect(resolveNamed('small,large', { key: { mayUse: () => true } as never }, catalog)).toMatchObject({
      name: 'small',
      policy: { maxAttempts: 2 },
    });
  });

  it('must all be known and allowed', () => {
    expect(ask('small,nope')).toEqual(['model_unknown', 'nope']);
    expect(ask('small,')).toEqual(['model_unknown', '']);
    expect(ask('small,large', (name) => name !== 'large')).toEqual([
      'not_allowed',
      'The key "dev" may not use the model "large".',
    ]);
    expect(ask(Array.from({ length: 17 }, () => 'small').join(','))).toEqual([
      'invalid_request',
      'A request may list at most 16 models.',
    ]);
  });
});
