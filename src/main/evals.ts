import { Fault } from '../domain/faults/fault.ts';
import { estimateCostNanos } from '../domain/rating/estimate-cost.ts';
import {
  type EvalOutcome,
  type EvalParts,
  EvalService,
  type GraderCaller,
  NightlyEvals,
  readJobSpend,
} from '../evals/index.ts';
import type { PromptVersion } from '../catalog/index.ts';
import { InnerCaller, promptOf } from '../gateway/index.ts';
import { systemClock } from '../platform/clock.ts';
import { encodeFeatures, FeatureReader } from '../routing/index.ts';
import { createProgramRunner } from '../runtime/index.ts';
import type { Core } from './core.ts';

type Parts = Pick<
  Core,
  'gateway' | 'newId' | 'database' | 'logger' | 'outcomeDesk' | 'state' | 'money' | 'runtime' | 'rollouts' | 'embedder'
>;

/** Evaluations as the product has them: through its own gateway, priced by its own book, told to its own router. */
export function openEvals(core: Parts): EvalService {
  const { gateway, newId, database, logger, outcomeDesk } = core;
  const caller = new InnerCaller({ gateway, clock: systemClock, newId });
  const read = promptReader(core);
  const codeRunner = createProgramRunner(core.runtime.runs);
  const evals = new EvalService({
    codeRunner: () => codeRunner,
    clock: systemClock,
    logger,
    workerId: newId('wrk'),
    graderCaller,
    database: () => database.current(),
    newId,
    ask: (body, how) => caller.callAndCount({ body, feature: 'eval', ...how }),
    promptOf: (job) => standingPrompt(core, job),
    ceilingNanos: createCeiling(core),
    tell(outcome) {
      read(outcome)
        .then((features) => outcomeDesk.noteSeen({ ...toOutcome(outcome), ...features }))
        .catch((error: unknown) => logger.warn({ err: error }, 'what an evaluation found could not be told'));
    },
  });
  evals.start();
  return evals;
}

/** Evaluations of every night, for the jobs that ask for them. */
export function openNightlyEvals(
  core: Pick<Core, 'database' | 'logger' | 'state' | 'samples'>,
  evals: EvalService,
): NightlyEvals {
  const nightly = new NightlyEvals({
    clock: systemClock,
    logger: core.logger,
    database: () => core.database.current(),
    jobs: () =>
      core.state.snapshot.catalog.jobs().map(({ job, settings: { models, samples } }) => ({
        job,
        models,
        maxShare: samples?.nightlyShare ?? 0,
      })),
    items: (job) => core.samples.items(job),
    spentNanos: readJobSpend,
    create: (database, spec, items) => evals.create(database, spec, items),
  });
  nightly.start();
  return nightly;
}

/** What requests of a job are told besides, leaving out a prompt that is only being tried. */
function standingPrompt(
  { state, rollouts }: Pick<Core, 'state' | 'rollouts'>,
  name: string,
): PromptVersion | undefined {
  const job = state.snapshot.catalog.job(name);
  return job && promptOf(job, '', { prompt: (asked) => rollouts.promoted(asked) }).version;
}

/** What a call to a model may cost at most: the dearest of its endpoints, since any of them may answer. */
export function createCeiling({ state, money }: Pick<Core, 'state' | 'money'>): EvalParts['ceilingNanos'] {
  return (model, size) => {
    const resolved = state.snapshot.catalog.resolve(model);
    if (Fault.is(resolved)) return resolved;
    const atMs = systemClock.nowMs();
    let dearest: bigint | null = 0n;
    for (const endpoint of resolved.endpoints) {
      const { price } = money.ports.priceOf(endpoint, atMs, 'switchyard-evals');
      const nanos = estimateCostNanos(size, price, { startedAtMs: atMs });
      if (nanos === null || dearest === null) dearest = null;
      else if (nanos > dearest) dearest = nanos;
    }
    return dearest;
  };
}

const graderTimeoutMs = 30_000;
const maxGrade = 64 * 1024;

/** Asks the operator's own grader; redirects would lead elsewhere than where the operator said. */
export const graderCaller: GraderCaller = {
  async post(url, body) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(graderTimeoutMs),
    });
    return { status: response.status, text: (await response.text()).slice(0, maxGrade) };
  },
};

/** Reads the prompts of items as those of requests are read: by their words, or by the embeddings model. */
function promptReader({
  embedder,
  state,
}: Pick<Core, 'embedder' | 'state'>): (outcome: EvalOutcome) => Promise<{ readonly features?: string }> {
  const reader = new FeatureReader();
  return async ({ run, item }) => {
    const prompt = item.messages.findLast(({ role }) => role === 'user')?.['content'];
    if (typeof prompt !== 'string') return {};
    const job = state.snapshot.catalog.job(run.job);
    await embedder?.fetchFor(job, prompt);
    const words = reader.read(prompt);
    return { features: encodeFeatures(embedder ? embedder.read(job, prompt, words) : words) };
  };
}

/** Another answer than the one that was a success may be right as well. */
const loggedWeight = 0.5;

/** Evidence of high reliability: what is right was known before. A judge's view is worth what preferences are. */
function toOutcome({ run, result, kind, grader }: EvalOutcome): Parameters<Core['outcomeDesk']['noteSeen']>[0] {
  const { requestId, model, host, score, itemId, candidate, sample } = result;
  const isLogged = run.spec.isLogged === true;
  return {
    type: 'outcome',
    requestId,
    atMs: systemClock.nowMs(),
    kind,
    source: 'eval',
    grader: grader.slice(0, 200),
    runId: run.id,
    idempotencyKey: `${run.id}/${itemId}/${candidate}/${sample}/${kind}`,
    job: run.job,
    model: model === '' ? candidate : model,
    // One witness for all nights: what is kept of a job moves routing by no more than what its customers say.
    key: isLogged ? `nightly/${run.job}` : run.id,
    ...(score !== null && { value: score }),
    ...(kind === 'score' && { weight: isLogged ? loggedWeight : 1 }),
    ...(host !== '' && { host }),
  };
}
