import { join } from 'node:path';
import type { Catalog, ResolvedJob } from '../catalog/index.ts';
import { Fault } from '../domain/faults/fault.ts';
import {
  defaultSuccessRule,
  isRuleProblem,
  readSuccessRule,
  type SuccessRule,
} from '../domain/outcomes/success-rule.ts';
import { previewRoute } from '../gateway/index.ts';
import { type ControlViews, ReturnsDesk } from '../http/index.ts';
import { systemClock } from '../platform/clock.ts';
import { StickyMap } from '../routing/index.ts';
import { openBuilds } from './builds.ts';
import type { Core } from './core.ts';
import { createCeiling } from './evals.ts';

/** What the control API is shown of the running product. */
export function controlViews(core: Core): ControlViews {
  const { money, state } = core;
  const { journalDirectory, currentCatalog, rules } = shared(core);
  return {
    ...core,
    clock: systemClock,
    // What is run through the API is kept when it fails.
    runtime: {
      ...core.runtime,
      runs: { ...core.runtime.runs, run: (asked, given) => core.fixes.runner.run(asked, given) },
    },
    builds: openBuilds(core),
    sandboxes: core.runtime.sandboxes,
    journalDirectory,
    currentDatabase: () => core.database.current(),
    currentCatalog,
    previewRoute: (request) =>
      previewRoute(
        request,
        {
          signals: core.signals,
          learning: core.learning,
          catalog: state.snapshot.catalog,
          sticky: new StickyMap(systemClock),
          cascades: core.gateway.cascades,
          clock: systemClock,
          priceOf: (endpoint, atMs, key) => money.ports.priceOf(endpoint, atMs, key),
        },
        core.newId('req'),
      ),
    evalCeiling: createCeiling(core),
    loggedItems: (job) => core.samples.items(job),
    ruleOf: rules,
    returns: openReturns(core),
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

function shared({ state, options }: Core) {
  const currentCatalog = (): Catalog => state.snapshot.catalog;
  return {
    journalDirectory: join(options.dataDirectory, 'journal'),
    currentCatalog,
    rules: (job: string) => ruleOf(currentCatalog().job(job)),
  };
}

function openReturns(core: Core): ReturnsDesk {
  const { journalDirectory, currentCatalog, rules } = shared(core);
  return new ReturnsDesk({
    clock: systemClock,
    journalDirectory,
    currentCatalog,
    ruleOf: rules,
    troubled: (error) => core.logger.error({ err: error }, 'the return of jobs cannot be measured'),
  });
}

/** The rule by which a job's answers are a success; its text was checked when it was configured. */
function ruleOf(job: ResolvedJob | undefined): SuccessRule | undefined {
  if (!job) return undefined;
  const rule = readSuccessRule(job.settings.success ?? defaultSuccessRule);
  return isRuleProblem(rule) ? undefined : rule;
}
