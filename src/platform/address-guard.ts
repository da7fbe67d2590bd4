import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Where outbound connections may go. */
export interface AddressRules {
  /** Private and loopback addresses are fine: hosts of the operator's own network. */
  readonly allowPrivate: boolean;
}

/** A connection to an address that is never dialled; its message names the address for operators. */
class RefusedAddressError extends Error {
  override readonly name = 'RefusedAddressError';
  readonly code = 'ERR_ADDRESS_REFUSED';
}

/** Link-local networks and the well-known addresses where clouds hand out a machine's credentials. */
const neverDialled = listOf([
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['192.0.0.192', 32],
  ['fe80::', 10],
  ['fd00:ec2::254', 128],
]);

/** This machine, and networks that are not the internet. */
const privateNetworks = listOf([
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
  ['::', 128],
  ['::1', 128],
  // A translator of the operator's own: what is behind it cannot be told from the address.
  ['64:ff9b:1::', 48],
  ['fc00::', 7],
  ['fec0::', 10],
  ['ff00::', 8],
]);

/** Says why an IP address may not be dialled; undefined when it may. */
export function refusedAddress(address: string, rules: AddressRules): RefusedAddressError | undefined {
  if (contains(neverDialled, address)) return refuse(address, 'link-local and metadata addresses are never dialled');
  if (rules.allowPrivate || !contains(privateNetworks, address)) return undefined;
  return refuse(address, 'private addresses are not allowed for this host');
}

/** The same for the host name of a URL; names that are not addresses are judged when they are resolved. */
export function refusedHostname(hostname: string, rules: AddressRules): RefusedAddressError | undefined {
  const address = hostname.replace(/^\[|\]$/g, '');
  return isIP(address) === 0 ? undefined : refusedAddress(address, rules);
}

/**
 * Makes a resolver for `net.connect` that drops what may not be dialled. It judges the very addresses that are dialled
 * next, at every new connection: a name that is re-resolved to something else finds the same guard.
 */
export function guardedLookup(rules: AddressRules, resolve: LookupFunction = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error || typeof found === 'string') return callback(error, found);
      const allowed = found.filter(({ address }) => refusedAddress(address, rules) === undefined);
      const [first] = allowed;
      if (!first) return callback(refusedAddress(found[0]?.address ?? '', rules) ?? notFound(hostname), []);
      if (options.all === true) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}

function contains(list: BlockList, address: string): boolean {
  // A zone (`fe80::1%eth0`) is no part of the address.
  const [plain = ''] = address.split('%');
  const family = isIP(plain);
  if (family === 4) return list.check(plain, 'ipv4');
  if (family !== 6) return false;
  return list.check(plain, 'ipv6') || embeddedIPv4(plain).some((embedded) => list.check(embedded, 'ipv4'));
}

/** The IPv4 addresses that a packet to an IPv6 address may end at: those of mappings, translators and tunnels. */
function embeddedIPv4(address: string): string[] {
  const groups = groupsOf(address);
  const [first = 0, second = 0, third = 0] = groups;
  const at = (index: number, mask = 0): string => dotted((groups[index] ?? 0) ^ mask, (groups[index + 1] ?? 0) ^ mask);
  const isZero = (from: number, to: number): boolean => groups.slice(from, to).every((group) => group === 0);
  // IPv4-mapped (::ffff:0:0/96), translated by SIIT (::ffff:0:0:0/96), and the retired compatible form (::/96).
  if (isZero(0, 5) && (groups[5] === 0xffff || groups[5] === 0)) return [at(6)];
  if (isZero(0, 4) && groups[4] === 0xffff && groups[5] === 0) return [at(6)];
  // NAT64 (64:ff9b::/96).
  if (first === 0x64 && second === 0xff9b && isZero(2, 6)) return [at(6)];
  // NAT64 of one's own (64:ff9b:1::/48), with the address where the length of the prefix puts it; byte 8 stays free.
  if (first === 0x64 && second === 0xff9b && third === 1) {
    const bytes = groups.slice(3).flatMap((group) => [group >> 8, group & 255]);
    const around = bytes.filter((_byte, index) => index !== 2);
    return [around.slice(0, 4), around.slice(1, 5), around.slice(2, 6), bytes.slice(6, 10)].map((four) =>
      four.join('.'),
    );
  }
  // 6to4 (2002::/16): the gateway of the network.
  if (first === 0x2002) return [at(1)];
  // Teredo (2001::/32): the server, and the client with every bit turned.
  if (first === 0x2001 && second === 0) return [at(2), at(6, 0xffff)];
  return [];
}

/** The eight groups of an IPv6 address; a URL writes every spelling in one way. */
function groupsOf(address: string): number[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail = ''] = canonical.split('::');
  const [left, right] = [head, tail].map((half) => (half === '' ? [] : half.split(':'))) as [string[], string[]];
  const missing = canonical.includes('::') ? 8 - left.length - right.length : 0;
  return [...left, ...Array.from({ length: missing }, () => '0'), ...right].map((group) => Number.parseInt(group, 16));
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function listOf(networks: readonly (readonly [address: string, prefix: number])[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of networks) list.addSubnet(address, prefix, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return list;
}

function refuse(address: string, why: string): RefusedAddressError {
  return new RefusedAddressError(`refused to connect to ${address}: ${why}`);
}

function notFound(hostname: string): RefusedAddressError {
  return new RefusedAddressError(`no address for ${hostname}`);
}
