import { codeFixJob } from '../catalog/index.ts';
import type { Config } from '../config/index.ts';
import { Fault } from '../domain/faults/fault.ts';
import { parseUsdAsNanos } from '../domain/money/money.ts';
import { InnerCaller, toExchangeRecord } from '../gateway/index.ts';
import { systemClock } from '../platform/clock.ts';
import {
  type AppFixes,
  FailureBook,
  type FixAnswer,
  type FixOutcome,
  type FixQuestion,
  FixService,
  ModelFixer,
  openAppFixes,
  type PairPolicy,
  type Runner,
  subjectMaker,
  watchRuns,
} from '../runtime/index.ts';
import { type Key, localKey } from '../tenants/index.ts';
import type { Core } from './core.ts';
import { createCeiling } from './evals.ts';

/** Fixing what fails, as the product has it. */
export interface ProductFixes {
  readonly service: FixService;
  readonly failures: FailureBook;
  readonly fixer: ModelFixer;
  /** Runs code and keeps what fails of it. */
  readonly runner: Runner;
  readonly apps: AppFixes;
  /** Most that a fix may cost that names no sum. */
  usualCapNanos(): bigint;
  close(): Promise<void>;
}

type Parts = Pick<
  Core,
  | 'gateway'
  | 'newId'
  | 'database'
  | 'logger'
  | 'outcomeDesk'
  | 'state'
  | 'money'
  | 'runtime'
  | 'apps'
  | 'journal'
  | 'sealer'
>;

/** Opens fixes: models through the product's own gateway, tries in its own sandboxes, outcomes to its own router. */
export function openFixes(core: Parts): ProductFixes {
  const { newId, logger, state, runtime, apps, journal } = core;
  const database = (): ReturnType<Core['database']['current']> => core.database.current();
  const settings = (): Config['runtime']['fixes'] => state.snapshot.loaded.config.runtime.fixes;
  const shared = { clock: systemClock, logger, newId, database };
  const tell = (outcome: FixOutcome): Promise<void> => tellOutcome(core, outcome);
  const caller = new InnerCaller({ gateway: core.gateway, clock: systemClock, newId });
  const ceiling = createCeiling(core);
  const fixer = new ModelFixer({
    clock: systemClock,
    newId,
    tell,
    ask: (question) => ask(question, { caller, keys: () => state.snapshot.keys }),
    ceilingNanos: (size) => ceilingOfJob(core, (model) => ceiling(model, size)),
  });
  const failures = new FailureBook({ ...shared, sealer: core.sealer });
  const service = new FixService({
    ...shared,
    workerId: newId('wrk'),
    fixer,
    failures,
    tell,
    subjectOf: subjectMaker({ runner: runtime.runs, apps }),
    pairs: () => pairPolicy(settings()),
    async modelOf(requestId) {
      const final = toExchangeRecord(requestId, await journal.find(requestId))?.final;
      return final?.type === 'final' ? final.model : undefined;
    },
  });
  const usualCapNanos = (): bigint => parseUsdAsNanos(settings().maxUsd) ?? 0n;
  const watched = openAppFixes({ ...shared, apps, failures, service, usualCapNanos });
  service.start();
  return {
    service,
    failures,
    fixer,
    usualCapNanos,
    runner: watchRuns(runtime.runs, failures),
    apps: watched,
    async close() {
      watched.close();
      await service.close();
    },
  };
}

/** A normal request under the job, with the key that pays: held to its limits, charged, recorded and explained. */
async function ask(
  { requestId, messages, maxTokens, payer }: FixQuestion,
  { caller, keys }: { readonly caller: InnerCaller; keys(): Core['state']['snapshot']['keys'] },
): Promise<FixAnswer> {
  const named = payer.key === undefined ? undefined : keys().named(payer.key);
  const key: Key = named ?? {
    ...localKey,
    name: 'switchyard-fixes',
    customer: payer.customer ?? 'default',
    metered: true,
  };
  const body = {
    model: `job/${codeFixJob}`,
    messages: messages.map(({ role, content }) => ({ role, content })),
    max_tokens: maxTokens,
  };
  const { answer, costNanos } = await caller.callAndCount({ requestId, body, feature: 'fix', key });
  if (Fault.is(answer)) return { decisionId: null, model: '', host: '', text: '', costNanos, fault: answer };
  const { decisionId, model, host, text } = answer;
  return { decisionId, model, host, text, costNanos };
}

/** The dearest candidate counts: the router may take any of them. */
function ceilingOfJob(
  { state }: Pick<Core, 'state'>,
  ceilingOf: (model: string) => bigint | null | Fault,
): bigint | null | Fault {
  const candidates = state.snapshot.catalog.job(codeFixJob)?.candidates ?? [];
  if (candidates.length === 0) {
    const message = `No model can fix code: configure models, or a job "${codeFixJob}" with its candidates.`;
    return new Fault('model_unknown', { message });
  }
  let dearest: bigint | null = 0n;
  for (const { name } of candidates) {
    const one = ceilingOf(name);
    if (Fault.is(one)) return one;
    if (one === null) return null;
    if (dearest !== null && one > dearest) dearest = one;
  }
  return dearest;
}

async function tellOutcome(
  { outcomeDesk, logger }: Pick<Core, 'outcomeDesk' | 'logger'>,
  outcome: FixOutcome,
): Promise<void> {
  const { source, ...told } = outcome;
  const noted = await outcomeDesk.tell({ ...told, source }, { name: source === 'human' ? 'human' : 'runtime' });
  if (Fault.is(noted))
    logger.warn({ requestId: outcome.requestId, code: noted.code }, 'an outcome of a fix was not taken');
}

/** What the operator says of what models wrote; of patterns that match the longest counts. */
function pairPolicy({ pairs }: Config['runtime']['fixes']): PairPolicy {
  const said = Object.entries(pairs.outputs).sort(([left], [right]) => right.length - left.length);
  return {
    keep: pairs.keep,
    customers: pairs.customers,
    licenceOf: (model) => said.find(([pattern]) => matches(pattern, model))?.[1] ?? 'unknown',
  };
}

function matches(pattern: string, model: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(model);
}
