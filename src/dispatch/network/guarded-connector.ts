import { buildConnector } from 'undici';
import { type AddressRules, refusedHostname } from '../../platform/address-guard.ts';

/**
 * Dials for undici under the address guard. Names are judged by the `lookup` of the options; addresses written into the
 * URL are never resolved, so they are judged before dialling.
 */
export function guardedConnector(options: buildConnector.BuildOptions, rules: AddressRules): buildConnector.connector {
  const connect = buildConnector(options);
  return (target, callback) => {
    const refused = refusedHostname(target.hostname, rules);
    if (refused) callback(refused, null);
    else connect(target, callback);
  };
}
