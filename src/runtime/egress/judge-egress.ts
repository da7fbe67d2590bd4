import { isIP } from 'node:net';
import { refusedAddress } from '../../platform/address-guard.ts';
import { type EgressPolicy, type EgressService, ruleFor } from './egress-policy.ts';

/** Where a request of a guest wants to go. */
export interface EgressDestination {
  readonly host: string;
  readonly port: number;
  /** Of a plain request; a tunnel shows none. */
  readonly path?: string;
}

/** What becomes of a request of a guest. */
export type EgressJudgement =
  | { readonly kind: 'denied'; readonly reason: string }
  | { readonly kind: 'allowed'; readonly rule: string }
  | { readonly kind: 'service'; readonly service: EgressService };

/**
 * Judges by name, before anything is resolved. The host comes out of a URL parser, which writes every odd spelling of
 * an address as the address it is.
 */
export function judgeEgress(policy: EgressPolicy, { host, port, path }: EgressDestination): EgressJudgement {
  const name = host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  if (Object.hasOwn(policy.services, name)) return judgeService(policy.services[name], path);
  if (isIP(name) !== 0) {
    const refused = refusedAddress(name, { allowPrivate: false });
    return denied(refused === undefined ? 'addresses are not allowed; name the host' : refused.message);
  }
  const rule = ruleFor(policy, name, port);
  return rule === undefined ? denied(`no rule allows ${name}:${port}`) : { kind: 'allowed', rule };
}

function judgeService(service: EgressService | undefined, path: string | undefined): EgressJudgement {
  if (service === undefined || path === undefined) return denied('this service is reached by plain requests only');
  // A path that climbs would leave the prefix behind our back.
  const isWithin = service.paths.some((prefix) => path.startsWith(prefix)) && !/(^|\/|%2f)(\.|%2e){2}/i.test(path);
  return isWithin ? { kind: 'service', service } : denied('this path is not open to apps');
}

function denied(reason: string): EgressJudgement {
  return { kind: 'denied', reason };
}
