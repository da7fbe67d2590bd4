import { z } from 'zod';
import { Fault } from '../../../domain/fault.ts';
import { readResults } from '../../../evals/index.ts';
import {
  evidenceOf,
  evidenceText,
  findRollout,
  listRollouts,
  type Rollout,
  type RolloutObservation,
  type RolloutPlan,
  type RolloutService,
  usualPlan,
} from '../../../rollouts/index.ts';
import type { Database } from '../../../storage/index.ts';
import { readCursor, toPage } from '../framework/cursor.ts';
import { id, name, pageFields, pageOf, text } from '../framework/fields.ts';
import { InputFault } from '../framework/input-fault.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import type { JobViews } from './job-routes.ts';

/** What rollouts are reached through. */
export interface RolloutViews extends JobViews {
  readonly rollouts: RolloutService;
  newId(prefix: string): string;
}

const editors = ['owner', 'operator'] as const;
const answer = z
  .object({
    id: z.string(),
    job: z.string(),
    candidate: z.string(),
    incumbent: z.string(),
    stage: z.enum(['offline', 'shadow', 'canary', 'promoted', 'rolled_back', 'needs_more']),
    share: z.number().meta({ description: 'Share of the traffic that the candidate gets now.' }),
    isPaused: z.boolean(),
    verdict: z.string(),
    needsMore: z
      .number()
      .nullable()
      .meta({ description: 'Further pairs that would settle it; null: none, or unknown.' }),
    createdAtMs: z.number(),
    evidence: z.record(z.string(), z.unknown()).meta({ description: 'The evidence file, for machines.' }),
    text: z.string().meta({ description: 'The evidence file, for people.' }),
  })
  .meta({ id: 'Rollout' });

const share = z.number().gt(0).max(1);
const bodySchema = z.strictObject({
  job: name,
  candidate: text(512).meta({ description: "One of the job's models; it gets no traffic before its canary." }),
  incumbent: text(512).optional().meta({ description: "Else the incumbent of the job's floor, else its first model." }),
  evalId: id('evr').optional().meta({ description: 'Evaluation of both on the same items: the offline evidence.' }),
  margin: z.number().min(0).max(0.5).default(usualPlan.margin),
  alpha: z.number().min(0.001).max(0.2).default(usualPlan.alpha),
  minPairs: z.int().min(0).max(100_000).default(usualPlan.offline.minPairs),
  shares: z
    .array(share)
    .min(1)
    .max(10)
    .default([...usualPlan.canary.shares]),
  minRequests: z.int().min(1).max(1_000_000).default(usualPlan.canary.minRequests),
  minStepMs: z.int().min(0).max(604_800_000).default(usualPlan.canary.minStepMs),
  maxStageMs: z.int().min(1_000).max(2_592_000_000).default(usualPlan.maxStageMs),
});
type RolloutBody = z.output<typeof bodySchema>;
const params = z.strictObject({ rolloutId: id('rol') });

/** Routes by which a new model comes in, and goes out again. */
export function rolloutRoutes(views: RolloutViews): ControlRoute[] {
  return [create(views), list(), get(), ...(['pause', 'resume', 'rollback'] as const).map((how) => change(views, how))];
}

function create(views: RolloutViews): ControlRoute {
  return route({
    operationId: 'createRollout',
    method: 'post',
    path: '/rollouts',
    tag: 'rollouts',
    summary: 'Brings a model into a job by evidence: graded items, then a growing share of the traffic.',
    roles: editors,
    scope: 'organisation',
    status: 201,
    audit: 'rollout.create',
    body: bodySchema,
    answer,
    async handle({ body }, { database, audited }) {
      const plan = await planOf(views, body, database);
      const pairs = body.evalId === undefined ? [] : pairsOf(plan, await readResults(database, body.evalId));
      const rollout = await views.rollouts.create(database, plan, pairs);
      if (Fault.is(rollout)) throw rollout;
      audited({ id: plan.id, after: { job: plan.job, candidate: plan.candidate, stage: rollout.state.stage } });
      return toAnswer(rollout);
    },
  });
}

function list(): ControlRoute {
  return route({
    operationId: 'listRollouts',
    method: 'get',
    path: '/rollouts',
    tag: 'rollouts',
    summary: 'Rollouts, the latest first.',
    roles: staff,
    scope: 'organisation',
    query: z.strictObject({ job: name.optional(), ...pageFields }),
    answer: pageOf(answer),
    async handle({ query }, { database }) {
      const place = readCursor(query.cursor, ['number', 'string']);
      const before = place && { atMs: Number(place[0]), id: String(place[1]) };
      const found = await listRollouts(database, { job: query.job, limit: query.limit + 1, before });
      const page = toPage(found, query.limit, ({ createdAtMs, plan }) => [createdAtMs, plan.id]);
      return { ...page, data: page.data.map(toAnswer) };
    },
  });
}

function get(): ControlRoute {
  return route({
    operationId: 'getRollout',
    method: 'get',
    path: '/rollouts/{rolloutId}',
    tag: 'rollouts',
    summary: 'One rollout with its evidence.',
    roles: staff,
    scope: 'organisation',
    params,
    answer,
    async handle({ params: { rolloutId } }, { database }) {
      return toAnswer(known(await findRollout(database, rolloutId), rolloutId));
    },
  });
}

const summaries = {
  pause: 'Gives the candidate no traffic until it is resumed.',
  resume: 'Goes on, from the smallest share.',
  rollback: 'Back to what answered before, on every gateway within seconds.',
} as const;

function change({ rollouts }: RolloutViews, action: keyof typeof summaries): ControlRoute {
  return route({
    operationId: `${action}Rollout`,
    method: 'post',
    path: `/rollouts/{rolloutId}/${action}`,
    tag: 'rollouts',
    summary: summaries[action],
    roles: editors,
    scope: 'organisation',
    audit: `rollout.${action}`,
    params,
    answer,
    async handle({ params: { rolloutId } }, call) {
      const by = call.principal.role;
      const changed = known(await rollouts.change(call.database, rolloutId, { action, by }), rolloutId);
      call.audited({ id: rolloutId, after: { stage: changed.state.stage, isPaused: changed.state.isPaused } });
      return toAnswer(changed);
    },
  });
}

async function planOf(views: RolloutViews, body: RolloutBody, database: Database): Promise<RolloutPlan> {
  const job = views.currentCatalog().job(body.job);
  if (!job) throw new Fault('invalid_request', { message: `There is no job "${body.job}".`, param: 'job' });
  const { models, floor } = job.settings;
  const incumbent = body.incumbent ?? floor?.incumbent ?? models.find((model) => model !== body.candidate) ?? '';
  const strangers = (['candidate', 'incumbent'] as const).flatMap((field) =>
    models.includes(field === 'candidate' ? body.candidate : incumbent)
      ? []
      : [{ field, detail: `must be one of the models of job "${body.job}"` }],
  );
  if (strangers.length > 0) throw new InputFault(strangers);
  if (incumbent === body.candidate) throw new InputFault([{ field: 'candidate', detail: 'is the incumbent already' }]);
  const shares = body.shares.toSorted((left, right) => left - right);
  const planId = views.newId('rol');
  return {
    ...usualPlan,
    id: planId,
    kind: 'model',
    job: body.job,
    incumbent,
    candidate: body.candidate,
    hypothesis: `${body.candidate} is not worse than ${incumbent} by more than ${(100 * body.margin).toFixed(1)} points`,
    margin: body.margin,
    alpha: body.alpha,
    pickedFrom: body.evalId === undefined ? 1 : await candidatesOf(database, body.evalId, incumbent),
    offline: { minPairs: body.minPairs },
    // Copies of live requests are not made: what the items leave open the canary answers.
    shadow: { minPairs: 0, isGraded: false, maxNanos: 0n },
    canary: {
      shares: shares.at(-1) === 1 ? shares : [...shares, 1],
      minRequests: body.minRequests,
      minStepMs: body.minStepMs,
    },
    maxStageMs: body.maxStageMs,
    salt: planId,
  };
}

/** An evaluation of several candidates is a pick among them: its pairs then only screen. */
async function candidatesOf(database: Database, evalId: string, incumbent: string): Promise<number> {
  const results = await readResults(database, evalId);
  if (results.length === 0) throw new InputFault([{ field: 'evalId', detail: 'has no results' }]);
  const others = new Set(results.map(({ candidate }) => candidate));
  others.delete(incumbent);
  return Math.max(1, others.size);
}

function pairsOf(
  { incumbent, candidate, pickedFrom }: RolloutPlan,
  results: Awaited<ReturnType<typeof readResults>>,
): RolloutObservation[] {
  const scoreOf = (side: string): Map<string, number> =>
    new Map(
      results.flatMap((one) =>
        one.candidate === side && one.score !== null ? [[`${one.itemId}\n${one.sample}`, one.score] as const] : [],
      ),
    );
  const [ours, theirs] = [scoreOf(candidate), scoreOf(incumbent)];
  const source = pickedFrom > 1 ? 'screening' : 'offline';
  return [...ours].flatMap(([item, score]): RolloutObservation[] => {
    const other = theirs.get(item);
    return other === undefined ? [] : [{ type: 'pair', source, incumbent: other, candidate: score }];
  });
}

function known(rollout: Rollout | undefined, rolloutId: string): Rollout {
  if (rollout) return rollout;
  throw new Fault('not_found', { message: `There is no rollout "${rolloutId}".` });
}

function toAnswer({ plan, state, createdAtMs }: Rollout): z.input<typeof answer> {
  const evidence = evidenceOf(plan, state);
  const { maxNanos } = plan.shadow;
  const { stage, share: now, isPaused, verdict, needsMore } = evidence;
  return {
    id: plan.id,
    job: plan.job,
    candidate: plan.candidate,
    incumbent: plan.incumbent,
    stage,
    share: now,
    isPaused,
    verdict,
    needsMore,
    createdAtMs,
    evidence: {
      ...evidence,
      plan: { ...plan, shadow: { ...plan.shadow, maxNanos: maxNanos.toString() } },
      shadow: {
        missing: evidence.shadow.missing,
        spentNanos: evidence.shadow.spentNanos.toString(),
        maxNanos: maxNanos.toString(),
      },
    },
    text: evidenceText(evidence),
  };
}
