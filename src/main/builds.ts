import { type Catalog, codeBuildJob, codeFixJob } from '../catalog/index.ts';
import { Fault } from '../domain/faults/fault.ts';
import { InnerCaller } from '../gateway/index.ts';
import { systemClock } from '../platform/clock.ts';
import { type AskedModel, BuildService, deployApp, type DeployedApp, type ModelAnswer } from '../runtime/index.ts';
import { type Key, localKey } from '../tenants/index.ts';
import type { Core } from './core.ts';
import { createCeiling } from './evals.ts';

/** Asked where no model could do it: it needs no key, and says that it is simulated. */
const simulatedModel = 'sim/small';

type Parts = Pick<Core, 'gateway' | 'newId' | 'database' | 'state' | 'money' | 'runtime' | 'apps' | 'fixes'>;

/** Builds as the product has them: models through its own gateway, checks in its own sandboxes, apps on its own routes. */
export function openBuilds(core: Parts): BuildService {
  const { newId, state, runtime, apps } = core;
  const database = (): ReturnType<Core['database']['current']> => core.database.current();
  const caller = new InnerCaller({ gateway: core.gateway, clock: systemClock, newId });
  const ceiling = createCeiling(core);
  const catalog = (): Catalog => state.snapshot.catalog;
  return new BuildService({
    clock: systemClock,
    runner: runtime.runs,
    newId,
    database,
    fixer: () => (catalog().job(codeFixJob) ? core.fixes.fixer : undefined),
    usualModel: () => (catalog().job(codeBuildJob) ? `job/${codeBuildJob}` : simulatedModel),
    ceilingNanos: (model, size) => dearest(modelsBehind(model, catalog()), (one) => ceiling(one, size)),
    ask: (question) => ask(question, caller),
    deploy: (wanted) =>
      deployApp(wanted, { service: apps.service, clock: systemClock, database, origin: () => apps.origin() }),
    visit: (deployed) => visit(deployed),
  });
}

/** Names of jobs and of no model in particular stand for every model that may be chosen. */
function modelsBehind(model: string, catalog: Catalog): readonly string[] | Fault {
  const candidates = model === 'auto' ? catalog.choosable() : catalog.job(model.replace(/^job\//, ''))?.candidates;
  if (model !== 'auto' && !model.startsWith('job/')) return [model];
  if (candidates !== undefined && candidates.length > 0) return candidates.map(({ name }) => name);
  return new Fault('model_unknown', { message: `There is no "${model}".`, param: 'model' });
}

function dearest(
  models: readonly string[] | Fault,
  ceilingOf: (model: string) => bigint | null | Fault,
): bigint | null | Fault {
  if (Fault.is(models)) return models;
  let most: bigint | null = 0n;
  for (const model of models) {
    const one = ceilingOf(model);
    if (Fault.is(one)) return one;
    if (one === null || most === null) most = null;
    else if (one > most) most = one;
  }
  return most;
}

async function ask(
  { requestId, model, messages, maxTokens, customer }: AskedModel,
  caller: InnerCaller,
): Promise<ModelAnswer> {
  const body = {
    model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    max_tokens: maxTokens,
  };
  const { answer, costNanos } = await caller.callAndCount({ requestId, body, feature: 'build', key: keyOf(customer) });
  if (Fault.is(answer)) return { model, host: '', text: '', costNanos, fault: answer };
  return { model: answer.model, host: answer.host, text: answer.text, costNanos };
}

/** Builds are held to the limits of their customer, and charged to it. */
function keyOf(customer: string | null): Key {
  return { ...localKey, name: 'switchyard-builds', customer: customer ?? 'default', metered: true };
}

const visitEveryMs = 100;
const mostVisits = 50;

/** Asks for the app as a browser would, until its new version answers. */
async function visit({ url, version }: DeployedApp): Promise<string | undefined> {
  let seen = 'nothing answers';
  for (let tried = 0; tried < mostVisits; tried++) {
    const answer = await fetch(url, { redirect: 'manual' }).catch(() => undefined);
    await answer?.body?.cancel();
    const served = answer?.headers.get('x-switchyard-version');
    if (answer && served === version && answer.status < 500) return undefined;
    if (answer) seen = `GET ${url} answered ${answer.status}${served === version ? '' : ' by another version'}`;
    await new Promise((resolve) => setTimeout(resolve, visitEveryMs));
  }
  return seen;
}
