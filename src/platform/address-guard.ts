import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Where outbound connections may go. */
export interface AddressRules {
  /** Private and loopback addresses are fine: hosts of the operator's own network. */
  readonly allowPrivate: boolean;
}

/** A connection to an address that is never dialled; its message names the address for operators. */
export class RefusedAddressError extends Error {
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
  const embedded = embeddedIPv4(plain);
  return list.check(plain, 'ipv6') || (embedded !== undefined && list.check(embedded, 'ipv4'));
}

/** The IPv4 address inside a mapped (`::ffff:0:0/96`) or translated (`64:ff9b::/96`) one. */
function embeddedIPv4(address: string): string | undefined {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const tail = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (!tail) return undefined;
  const [high = 0, low = 0] = tail.slice(1).map((group) => Number.parseInt(group, 16));
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
