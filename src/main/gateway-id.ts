import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of a gateway with a database of its own, and of every data folder from before there were others. */
const onlyGateway = 'gw1';

/**
 * Name of the gateway that a data folder belongs to: its journal, its place in the projection and its leases are found
 * under it, so it must differ among gateways that share a database and stay the same over restarts.
 */
export function readGatewayId(dataDirectory: string, sharesDatabase: boolean): string {
  const file = join(dataDirectory, 'gateway-id');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const journal = join(dataDirectory, 'journal');
  const [known] = existsSync(journal) ? readdirSync(journal) : [];
  const gatewayId = known ?? (sharesDatabase ? `gw-${randomBytes(6).toString('hex')}` : onlyGateway);
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  writeFileSync(file, `${gatewayId}\n`, { mode: 0o600 });
  return gatewayId;
}
