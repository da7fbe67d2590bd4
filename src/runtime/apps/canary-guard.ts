import type { LiveAlias } from './app-directory.ts';
import type { AppMeter } from './app-meter.ts';

const fewest = 20;
const worstShare = 0.1;

/** Whether a canary fails so much more often than the stable version that it must end. */
export function mustEndCanary({ alias, stable, canary }: LiveAlias, meter: Pick<AppMeter, 'recent'>): boolean {
  if (canary === undefined) return false;
  const tried = meter.recent(alias.app, canary.version.version);
  const known = meter.recent(alias.app, stable.version);
  const share = ({ failures, requests }: typeof tried): number => (requests === 0 ? 0 : failures / requests);
  return tried.requests >= fewest && share(tried) > worstShare && share(tried) > 2 * share(known);
}
