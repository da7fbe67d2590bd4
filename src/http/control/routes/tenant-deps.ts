import type { Clock } from '../../../platform/clock.ts';
import type { ControlStore } from '../../../tenants/index.ts';
import type { Call } from '../framework/route.ts';

/** What routes about customers need besides the database of the call. */
export interface TenantDeps {
  readonly clock: Clock;
  newId(prefix: string): string;
}

/** The handle of a call's changes. */
export function storeOf({ clock, newId }: TenantDeps, { database }: Call): ControlStore {
  return { clock, newId, database };
}
