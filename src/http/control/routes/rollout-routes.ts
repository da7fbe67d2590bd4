import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import { readResults } from '../../../evals/index.ts';
import { evidenceOf, evidenceText, findRollout, listRollouts, type Rollout } from '../../../rollouts/index.ts';
import { readCursor, toPage } from '../framework/cursor.ts';
import { id, name, pageFields, pageOf } from '../framework/fields.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { pairsOf, planOf, rolloutBodySchema, type RolloutViews } from './rollout-plan.ts';

export type { RolloutViews } from './rollout-plan.ts';

const editors = ['owner', 'operator'] as const;
const answer = z
  .object({
    id: z.string(),
    job: z.string(),
    kind: z.enum(['model', 'host', 'policy', 'prompt']),
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
    summary:
      'Brings a model, a host, a policy or a prompt into a job by evidence: graded items, copies, a growing share.',
    roles: editors,
    scope: 'organisation',
    status: 201,
    audit: 'rollout.create',
    body: rolloutBodySchema,
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
    kind: plan.kind,
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
      plan: { ...evidence.plan, shadow: { ...plan.shadow, maxNanos: maxNanos.toString() } },
      shadow: {
        ...evidence.shadow,
        spentNanos: evidence.shadow.spentNanos.toString(),
        maxNanos: maxNanos.toString(),
      },
    },
    text: evidenceText(evidence),
  };
}
