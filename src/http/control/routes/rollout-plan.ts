import { z } from 'zod';
import { promptVersionOf, type ResolvedJob, type ResolvedModel } from '../../../catalog/index.ts';
import { jobSchema, promptSchema } from '../../../config/index.ts';
import { Fault } from '../../../domain/faults/fault.ts';
import { type EvalParts, readResults } from '../../../evals/index.ts';
import {
  listRollouts,
  type RolloutObservation,
  type RolloutPlan,
  type RolloutService,
  usualPlan,
} from '../../../rollouts/index.ts';
import { promptOf } from '../../../gateway/index.ts';
import type { Database } from '../../../storage/index.ts';
import { id, name, positiveNanos, text } from '../framework/fields.ts';
import { InputFault } from '../framework/input-fault.ts';
import type { JobViews } from './job-routes.ts';

/** What rollouts are reached through. */
export interface RolloutViews extends JobViews {
  readonly rollouts: RolloutService;
  readonly evalCeiling: EvalParts['ceilingNanos'];
  newId(prefix: string): string;
}

/** What stands in place of a version where a job has no prompt. */
const noPrompt = 'no prompt';
const share = z.number().gt(0).max(1);
const shadowSchema = z.strictObject({
  minPairs: z.int().min(0).max(100_000).default(usualPlan.shadow.minPairs).meta({
    description: 'Answers of copies that must come back; 0: no copies are made.',
  }),
  maxNanos: positiveNanos.default(usualPlan.shadow.maxNanos).meta({ description: 'Most that copies may cost.' }),
  graderUrl: text(2000)
    .regex(/^https?:\/\/[^\s]+$/, 'must be an address such as https://grader.internal/grade')
    .optional()
    .meta({
      description:
        'Your own grader, asked about both answers to a request: `{"answer", "expected": {"job", "request"}}`.',
    }),
  judge: z
    .strictObject({
      model: text(512).meta({ description: 'Model that judges; it is paid from `maxNanos` like the copies.' }),
      criterion: text(4000).meta({ description: 'What makes an answer better.' }),
    })
    .optional()
    .meta({ description: 'Asked about both answers in both orders; it may end a rollout, and proves nothing.' }),
});
/** What a rollout is asked for by. */
export const rolloutBodySchema = z.strictObject({
  job: name,
  kind: z.enum(['model', 'host', 'policy', 'prompt']).default('model'),
  candidate: text(512).meta({
    description: 'A model, a host, or what a policy or a prompt is to be called; it gets no traffic before its canary.',
  }),
  model: text(512).optional().meta({ description: 'Of a host: the model of the job that it is to serve.' }),
  settings: jobSchema.optional().meta({ description: 'Of a policy: the settings that its side is routed by.' }),
  instructions: promptSchema.shape.instructions.optional().meta({
    description: 'Of a prompt: its text, which stands before the instructions of clients.',
  }),
  incumbent: text(512).optional().meta({
    description: "Else what was promoted last, else the incumbent of the job's floor, else its first model.",
  }),
  evalId: id('evr').optional().meta({ description: 'Evaluation of both on the same items: the offline evidence.' }),
  margin: z.number().min(0).max(0.5).default(usualPlan.margin),
  alpha: z.number().min(0.001).max(0.2).default(usualPlan.alpha),
  minPairs: z.int().min(0).max(100_000).default(usualPlan.offline.minPairs),
  shadow: shadowSchema.prefault({}),
  shares: z
    .array(share)
    .min(1)
    .max(10)
    .default([...usualPlan.canary.shares]),
  minRequests: z.int().min(1).max(1_000_000).default(usualPlan.canary.minRequests),
  minStepMs: z.int().min(0).max(604_800_000).default(usualPlan.canary.minStepMs),
  maxStageMs: z.int().min(1_000).max(2_592_000_000).default(usualPlan.maxStageMs),
});
/** The same, read. */
export type RolloutBody = z.output<typeof rolloutBodySchema>;

/** Settles everything about a rollout before its first request; an InputFault names what does not fit. */
export async function planOf(views: RolloutViews, body: RolloutBody, database: Database): Promise<RolloutPlan> {
  const job = views.currentCatalog().job(body.job);
  if (!job) throw new Fault('invalid_request', { message: `There is no job "${body.job}".`, param: 'job' });
  const sides = await sidesOf(views, { body, job, database });
  const shares = body.shares.toSorted((left, right) => left - right);
  const planId = views.newId('rol');
  const { minPairs, maxNanos, graderUrl, judge } = body.shadow;
  if (judge !== undefined) pricedModel(views, judge.model, 'shadow.judge.model');
  // Nobody can be asked what a policy would have answered: only its traffic tells.
  const isPolicy = body.kind === 'policy';
  return {
    ...usualPlan,
    id: planId,
    kind: body.kind,
    job: body.job,
    candidate: body.candidate,
    ...sides,
    hypothesis: `${sides.candidate ?? body.candidate} is not worse than ${sides.incumbent} by more than ${(100 * body.margin).toFixed(1)} points`,
    margin: body.margin,
    alpha: body.alpha,
    pickedFrom: body.evalId === undefined ? 1 : await candidatesOf(database, body.evalId, sides),
    offline: { minPairs: isPolicy ? 0 : body.minPairs },
    shadow: {
      minPairs: isPolicy ? 0 : minPairs,
      isGraded: graderUrl !== undefined,
      maxNanos,
      ...(graderUrl !== undefined && { graderUrl }),
      ...(judge !== undefined && { judge }),
    },
    canary: {
      shares: shares.at(-1) === 1 ? shares : [...shares, 1],
      minRequests: body.minRequests,
      minStepMs: body.minStepMs,
    },
    maxStageMs: body.maxStageMs,
    salt: planId,
  };
}

interface AskedSides {
  readonly body: RolloutBody;
  readonly job: ResolvedJob;
  readonly database: Database;
}

type PlannedSides = Pick<RolloutPlan, 'incumbent' | 'model' | 'settings' | 'prompt'> &
  Partial<Pick<RolloutPlan, 'candidate'>>;

function sidesOf(views: RolloutViews, asked: AskedSides): Promise<PlannedSides> | PlannedSides {
  const { body, job } = asked;
  if (body.kind === 'model') return sidesOfModel(views, asked);
  if (body.kind === 'host') return sidesOfHost(views, asked);
  if (body.kind === 'prompt') return sidesOfPrompt(views, asked);
  if (body.settings === undefined) throw new InputFault([{ field: 'settings', detail: 'is needed for a policy' }]);
  for (const model of body.settings.models) knownModel(views, model, 'settings.models');
  const { prompt } = body.settings;
  if (prompt !== undefined && promptVersionOf(prompt).versionId !== job.prompt?.versionId)
    throw new InputFault([{ field: 'settings.prompt', detail: 'a prompt comes in by a rollout of its own kind' }]);
  return { incumbent: job.versionId, settings: body.settings };
}

/** Its version is the candidate; who answers is not what it is about. */
function sidesOfPrompt(views: RolloutViews, { body, job }: AskedSides): PlannedSides {
  const { candidate: called, instructions } = body;
  if (instructions === undefined) throw new InputFault([{ field: 'instructions', detail: 'is needed for a prompt' }]);
  const read = promptSchema.shape.name.safeParse(called);
  if (!read.success)
    throw new InputFault([{ field: 'candidate', detail: read.error.issues[0]?.message ?? 'is no name' }]);
  const version = promptVersionOf({ name: called, instructions });
  const standing = promptOf(job, '', { prompt: (asked) => views.rollouts.promoted(asked) }).version;
  if (standing?.versionId === version.versionId)
    throw new InputFault([{ field: 'instructions', detail: 'are those of the job already' }]);
  const replaces = job.prompt?.versionId ?? '';
  return { incumbent: standing?.versionId ?? noPrompt, candidate: version.versionId, prompt: { ...version, replaces } };
}

/** The candidate may be new to the job; what answers today may not. */
async function sidesOfModel(views: RolloutViews, { body, job, database }: AskedSides): Promise<PlannedSides> {
  const { candidate } = body;
  const { models, floor } = job.settings;
  pricedModel(views, candidate, 'candidate');
  const [last] = await listRollouts(database, { job: body.job, limit: 1 });
  const promoted =
    last?.state.stage === 'promoted' && last.plan.kind === 'model' && last.plan.candidate !== candidate
      ? last.plan.candidate
      : undefined;
  const usual = [promoted, floor?.incumbent, ...models].find((model) => model !== undefined && model !== candidate);
  const incumbent = body.incumbent ?? usual;
  if (incumbent === undefined)
    throw new InputFault([{ field: 'incumbent', detail: `job "${body.job}" has no other model` }]);
  if (incumbent === candidate) throw new InputFault([{ field: 'candidate', detail: 'is the incumbent already' }]);
  if (incumbent !== promoted && !models.includes(incumbent))
    throw new InputFault([{ field: 'incumbent', detail: `must be one of the models of job "${body.job}"` }]);
  return { incumbent };
}

function sidesOfHost(views: RolloutViews, { body, job }: AskedSides): PlannedSides {
  const { model, candidate: host } = body;
  if (model === undefined || !job.settings.models.includes(model))
    throw new InputFault([{ field: 'model', detail: `must be one of the models of job "${body.job}"` }]);
  const hosts = knownModel(views, model, 'model').endpoints.map((endpoint) => endpoint.host.id);
  if (!hosts.includes(host))
    throw new InputFault([{ field: 'candidate', detail: `must be one of the hosts of ${model}: ${hosts.join(', ')}` }]);
  const others = [...new Set(hosts.filter((one) => one !== host))];
  if (others.length === 0) throw new InputFault([{ field: 'candidate', detail: `is the only host of ${model}` }]);
  return { incumbent: others.join(', '), model };
}

function pricedModel(views: RolloutViews, model: string, param: string): void {
  knownModel(views, model, param);
  if (views.evalCeiling(model, { inputTokens: 1, outputTokens: 1 }) !== null) return;
  const message = `The price of "${model}" is unknown, so nobody could say what it costs; import it, or set it in the configuration.`;
  throw new Fault('invalid_request', { message, param });
}

function knownModel({ currentCatalog }: RolloutViews, model: string, param: string): ResolvedModel {
  const resolved = currentCatalog().resolve(model);
  if (!Fault.is(resolved)) return resolved;
  throw new Fault('invalid_request', { message: resolved.message, param });
}

/** An evaluation of several candidates is a pick among them: its pairs then only screen. */
async function candidatesOf(database: Database, evalId: string, { incumbent, prompt }: PlannedSides): Promise<number> {
  const results = await readResults(database, evalId);
  if (results.length === 0) throw new InputFault([{ field: 'evalId', detail: 'has no results' }]);
  // Of a prompt the candidates are the prompts, by whichever models they were tried.
  const found = results.map(({ candidate }) => (prompt ? (trialOf(candidate)?.versionId ?? incumbent) : candidate));
  const others = new Set(found);
  others.delete(incumbent);
  return Math.max(1, others.size);
}

/** What an evaluation found of both sides on the same items. */
export function pairsOf(plan: RolloutPlan, results: Awaited<ReturnType<typeof readResults>>): RolloutObservation[] {
  const source = plan.pickedFrom > 1 ? 'screening' : 'offline';
  const scores = { candidate: new Map<string, number>(), incumbent: new Map<string, number>() };
  for (const { candidate, itemId, sample, score } of results) {
    const arm = score === null ? undefined : sideOf(plan, candidate);
    if (score !== null && arm) scores[arm.side].set(`${itemId}\n${sample}\n${arm.model}`, score);
  }
  return [...scores.candidate].flatMap(([item, score]): RolloutObservation[] => {
    const other = scores.incumbent.get(item);
    return other === undefined ? [] : [{ type: 'pair', source, incumbent: other, candidate: score }];
  });
}

/** Which side a result is of; those of a prompt are compared within each model. */
function sideOf(
  { incumbent, candidate, prompt }: RolloutPlan,
  evaluated: string,
): { readonly side: 'incumbent' | 'candidate'; readonly model: string } | undefined {
  if (prompt === undefined) {
    if (evaluated === candidate) return { side: 'candidate', model: '' };
    return evaluated === incumbent ? { side: 'incumbent', model: '' } : undefined;
  }
  const trial = trialOf(evaluated);
  if (trial === undefined) return { side: 'incumbent', model: evaluated };
  return trial.versionId === candidate ? { side: 'candidate', model: trial.model } : undefined;
}

/** A candidate of an evaluation that was asked with another prompt than the job's. */
function trialOf(evaluated: string): { readonly model: string; readonly versionId: string } | undefined {
  const [, model, versionId] = /^(.*)#([^#]+@[0-9a-f]{12})$/.exec(evaluated) ?? [];
  return model === undefined || versionId === undefined ? undefined : { model, versionId };
}
