import { join } from 'node:path';
import { Fault } from '../domain/fault.ts';
import type { ControlViews } from '../http/index.ts';
import { systemClock } from '../platform/clock.ts';
import type { Core } from './core.ts';

/** What the control API is shown of the running product. */
export function controlViews(core: Core): ControlViews {
  const { money, state, options } = core;
  return {
    ...core,
    clock: systemClock,
    journalDirectory: join(options.dataDirectory, 'journal'),
    currentDatabase: () => core.database.current(),
    priceBook: () => money.work()?.book,
    pollStates: () => money.work()?.pollStates() ?? [],
    projection() {
      const work = money.work();
      return work && { gatewayId: work.gatewayId, progress: work.projection.progress() };
    },
    planNow: (customer, atMs) => money.ports.planOf(customer, atMs),
    pricedNow({ host, upstreamModel, startedAtMs }, { model, key }) {
      const { catalog } = state.snapshot;
      // Jobs and routing choose other names than were asked for: by host every endpoint is found.
      for (const name of [model, `${host}/${upstreamModel}`]) {
        const resolved = catalog.resolve(name);
        if (Fault.is(resolved)) continue;
        const endpoint = resolved.endpoints.find(({ id }) => id === `${host}/${upstreamModel}`);
        if (endpoint) return money.ports.priceOf(endpoint, startedAtMs, key);
      }
      return undefined;
    },
  };
}
