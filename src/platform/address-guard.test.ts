import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { guardedLookup, refusedAddress, refusedHostname } from './address-guard.ts';

const anywhere = { allowPrivate: true };
const publicOnly = { allowPrivate: false };

describe('the address guard', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '::169.254.169.254',
    '::ffff:0:169.254.169.254',
    '64:ff9b:1:a9fe:a9:fe00::',
    '64:ff9b:1:a9:fe:a9fe::',
    '64:ff9b:1:0:a9:fea9:fe00::',
    '64:ff9b:1::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '2001:0:a9fe:a9fe::1',
    '2001:0:102:304:0:1234:5601:5601',
  ])('[scenario 73] never dials %s', (address) => {
    expect(refusedAddress(address, anywhere)?.message).toContain(address);
  });

  it.each(['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.1.1', '100.64.0.1', '0.0.0.0', '::1', '::', 'fc00::1'])(
    'dials %s only where private addresses are allowed',
    (address) => {
      expect(refusedAddress(address, anywhere)).toBeUndefined();
      expect(refusedAddress(address, publicOnly)?.message).toContain('private');
      expect(refusedAddress(`::ffff:${address.includes(':') ? '127.0.0.1' : address}`, publicOnly)).toBeDefined();
    },
  );

  it.each(['2002:a00:1::1', '2001:0:101:101::f5ff:fffe', '64:ff9b::10.0.0.1', '64:ff9b:1::808:808', '::10.0.0.1'])(
    'takes %s for the private address that a tunnel or translator makes of it',
    (address) => {
      expect(refusedAddress(address, publicOnly)?.message).toContain('private');
      expect(refusedAddress(address, anywhere)).toBeUndefined();
    },
  );

  it.each([
    '2002:101:101::1',
    '64:ff9b::1.1.1.1',
    '2001:0:101:101::fefe:fefe',
    '2001:1::1',
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '::ffff:1.1.1.1',
  ])('dials %s', (address) => {
    expect(refusedAddress(address, publicOnly)).toBeUndefined();
  });

  it('judges addresses in URLs, and leaves names to the moment they are resolved', () => {
    expect(refusedHostname('[fe80::1]', anywhere)).toBeDefined();
    expect(refusedHostname('127.0.0.1', publicOnly)).toBeDefined();
    expect(refusedHostname('localhost', publicOnly)).toBeUndefined();
  });
});

describe('the guarded resolver', () => {
  const resolvesTo =
    (...addresses: string[]): LookupFunction =>
    (_hostname, _options, callback) => {
      const found = addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }));
      callback(null, found);
    };

  function resolve(lookup: LookupFunction, all: boolean): Promise<unknown[]> {
    return new Promise((settle) => {
      lookup('host.example', { all }, (error, address, family) => settle([error?.message, address, family]));
    });
  }

  it('drops what may not be dialled, one address or all', async () => {
    const lookup = guardedLookup(publicOnly, resolvesTo('127.0.0.1', '1.1.1.1', '169.254.169.254'));
    expect(await resolve(lookup, true)).toEqual([undefined, [{ address: '1.1.1.1', family: 4 }], undefined]);
    expect(await resolve(lookup, false)).toEqual([undefined, '1.1.1.1', 4]);
  });

  it('fails with the refused address when nothing is left', async () => {
    const lookup = guardedLookup(anywhere, resolvesTo('169.254.169.254'));
    expect(String((await resolve(lookup, true))[0])).toContain('169.254.169.254');
  });

  it('passes on that a name does not exist', async () => {
    const missing: LookupFunction = (hostname, _options, callback) => callback(new Error(`ENOTFOUND ${hostname}`), []);
    expect(await resolve(guardedLookup(anywhere, missing), true)).toEqual(['ENOTFOUND host.example', [], undefined]);
  });
});
