import { z } from 'zod';
import { promptVersionOf } from '../../../catalog/index.ts';
import { promptSchema } from '../../../config/index.ts';
import { Fault } from '../../../domain/faults/fault.ts';
import {
  armName,
  type EvalItem,
  type EvalParts,
  type EvalRun,
  type EvalService,
  findRun,
  flipsOf,
  itemDigest,
  listRuns,
  readLeaderboard,
  readResults,
  stopRun,
} from '../../../evals/index.ts';
import type { SuccessRule } from '../../../domain/outcomes/success-rule.ts';
import { readCursor, toPage } from '../framework/cursor.ts';
import { id, instantText, name, pageFields, pageOf, positiveNanos, text } from '../framework/fields.ts';
import { InputFault } from '../framework/input-fault.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';

/** What evaluations are reached through. */
export interface EvalViews {
  readonly evals: EvalService;
  readonly evalCeiling: EvalParts['ceilingNanos'];
  /** Items made of kept requests of a job that were a success. */
  loggedItems(job: string): Promise<readonly EvalItem[]>;
  /** The success rule of a job; undefined for an unknown job. */
  ruleOf(job: string): SuccessRule | undefined;
}

const maxItems = 1000;
/** Models, each with each prompt. */
const mostArms = 32;
const maxBodyBytes = 8 * 1024 * 1024;
const weekMs = 7 * 86_400_000;
const anyObject = z.record(z.string(), z.json());
const anyAnswer = z.record(z.string(), z.unknown());

const itemSchema = z
  .strictObject({
    id: name.optional(),
    prompt: z.string().min(1).max(200_000).optional().meta({ description: 'One user message, in place of messages.' }),
    messages: z.array(anyObject).min(1).max(200).optional(),
    tools: z.array(anyObject).max(128).optional(),
    responseFormat: anyObject.optional(),
    maxTokens: z.int().min(1).max(100_000).optional(),
    expected: anyObject.meta({
      description: 'What is right: exact, numeric, choice, schema, calls, instructions, code …',
    }),
  })
  .superRefine((item, context) => {
    if ((item.prompt === undefined) !== (item.messages === undefined)) return;
    context.addIssue({
      code: 'custom',
      path: ['prompt'],
      message: 'is needed, or messages in its place, and not both',
    });
  });

const bodySchema = z.strictObject({
  job: name,
  candidates: z.array(text(512)).min(1).max(16),
  items: z.union([z.array(itemSchema).min(1).max(maxItems), z.literal('logged')]).meta({
    description: 'Or `logged`: the kept requests of the job (its `samples`) that were a success.',
  }),
  maxNanos: positiveNanos.meta({ description: 'Most that the run may spend, judges included.' }),
  samples: z.int().min(1).max(10).default(1),
  seed: z.int().min(0).max(2_147_483_647).default(1),
  maxTokens: z.int().min(1).max(100_000).default(1024),
  temperature: z.number().min(0).max(2).optional(),
  graderUrl: z
    .string()
    .max(2000)
    .regex(/^https?:\/\/[^\s]+$/, 'must be an address such as https://grader.internal/grade')
    .optional()
    .meta({ description: 'Your own grader, for items that expect http.' }),
  prompts: z.array(promptSchema).max(8).optional().meta({
    description: "Other prompts for the job: every candidate is asked with each of them, besides the job's own.",
  }),
  judge: text(512).optional().meta({ description: 'Model that judges beside the graders.' }),
});

/** Routes of evaluations and of what they say in the end. */
export function evalRoutes(views: EvalViews): ControlRoute[] {
  return [createEval(views), listEvals(), getEval(), getEvalFlips(), stopEval(), getLeaderboard(views)];
}

function createEval({ evals, ruleOf, loggedItems }: EvalViews): ControlRoute {
  return route({
    operationId: 'createEval',
    method: 'post',
    path: '/evals',
    tag: 'evals',
    summary: 'Put items to candidates through the gateway, within a sum of money, and tell routing what came of it.',
    roles: ['owner', 'operator'],
    scope: 'organisation',
    status: 201,
    audit: 'eval.create',
    maxBodyBytes,
    body: bodySchema,
    answer: anyAnswer.meta({ description: 'The run, waiting to be taken up.' }),
    async handle({ body }, { database, audited }) {
      const { items, prompts: written = [], candidates: models, ...rest } = body;
      const prompts = written.map(promptVersionOf);
      const arms = models.flatMap((model) => prompts.map((prompt) => armName(model, prompt)));
      const spec = { ...rest, candidates: [...models, ...arms], prompts };
      if (ruleOf(spec.job) === undefined)
        throw new Fault('invalid_request', { message: `There is no job "${spec.job}".`, param: 'job' });
      if (new Set(spec.candidates).size < spec.candidates.length)
        throw new InputFault([{ field: 'candidates', detail: 'names a model twice' }]);
      if (spec.candidates.length > mostArms)
        throw new InputFault([{ field: 'prompts', detail: `make more than ${mostArms} candidates` }]);
      const asked = items === 'logged' ? await loggedItems(spec.job) : items.map(toItem);
      if (asked.length === 0) throw nothingLogged(spec.job);
      const run = await evals.create(database, { ...spec, isLogged: items === 'logged' }, asked.slice(0, maxItems));
      if (Fault.is(run)) throw run;
      audited({ id: run.id, after: { job: run.job, candidates: spec.candidates, maxNanos: spec.maxNanos.toString() } });
      return toAnswer(run);
    },
  });
}

function listEvals(): ControlRoute {
  return route({
    operationId: 'listEvals',
    method: 'get',
    path: '/evals',
    tag: 'evals',
    summary: 'Runs, the latest first.',
    roles: staff,
    scope: 'organisation',
    query: z.strictObject({ job: name.optional(), ...pageFields }),
    answer: pageOf(anyAnswer),
    async handle({ query }, { database }) {
      const place = readCursor(query.cursor, ['number', 'string']);
      const before = place && { atMs: Number(place[0]), id: String(place[1]) };
      const runs = await listRuns(database, { job: query.job, limit: query.limit + 1, before });
      const page = toPage(runs, query.limit, ({ createdAtMs, id: runId }) => [createdAtMs, runId]);
      return { ...page, data: page.data.map(toAnswer) };
    },
  });
}

const params = z.strictObject({ evalId: id('evr') });

function getEval(): ControlRoute {
  return route({
    operationId: 'getEval',
    method: 'get',
    path: '/evals/{evalId}',
    tag: 'evals',
    summary: 'One run with its figures: rates with intervals, pairs with exact McNemar.',
    roles: staff,
    scope: 'organisation',
    params,
    answer: anyAnswer,
    async handle({ params: { evalId } }, { database }) {
      return toAnswer(known(await findRun(database, evalId), evalId));
    },
  });
}

function getEvalFlips(): ControlRoute {
  return route({
    operationId: 'getEvalFlips',
    method: 'get',
    path: '/evals/{evalId}/flips',
    tag: 'evals',
    summary: 'Items on which two candidates differ, with both answers.',
    roles: staff,
    scope: 'organisation',
    params,
    query: z.strictObject({ first: text(512).optional(), second: text(512).optional() }),
    answer: z.object({ data: z.array(anyAnswer) }),
    async handle({ params: { evalId }, query }, { database }) {
      const run = known(await findRun(database, evalId), evalId);
      const [first = '', second = ''] = run.spec.candidates;
      const pair = { first: query.first ?? first, second: query.second ?? second };
      for (const [field, candidate] of Object.entries(pair)) {
        if (run.spec.candidates.includes(candidate)) continue;
        throw new InputFault([{ field, detail: `must be one of ${run.spec.candidates.join(', ')}` }]);
      }
      return { data: flipsOf(pair, await readResults(database, evalId)).map((flip) => ({ ...flip })) };
    },
  });
}

function stopEval(): ControlRoute {
  return route({
    operationId: 'stopEval',
    method: 'post',
    path: '/evals/{evalId}/stop',
    tag: 'evals',
    summary: 'Ends a run; what it has found stays.',
    roles: ['owner', 'operator'],
    scope: 'organisation',
    audit: 'eval.stop',
    params,
    answer: anyAnswer,
    async handle({ params: { evalId } }, { database, audited, atMs }) {
      known(await findRun(database, evalId), evalId);
      await stopRun(database, evalId, atMs);
      audited({ id: evalId });
      return toAnswer(known(await findRun(database, evalId), evalId));
    },
  });
}

function getLeaderboard({ ruleOf, evalCeiling }: EvalViews): ControlRoute {
  return route({
    operationId: 'getLeaderboard',
    method: 'get',
    path: '/leaderboard',
    tag: 'evals',
    summary:
      'Models at their hosts on one job: quality with interval, rank range, cost per success, speed, what is missing.',
    roles: staff,
    scope: 'organisation',
    query: z.strictObject({ job: name, since: instantText.optional() }),
    answer: anyAnswer,
    async handle({ query }, { database, atMs }) {
      const rule = ruleOf(query.job);
      if (!rule) throw new Fault('not_found', { message: `There is no job "${query.job}".`, param: 'job' });
      const sinceMs = query.since ?? atMs - weekMs;
      return { ...(await readLeaderboard(database, { job: query.job, rule, sinceMs }, { ceilingNanos: evalCeiling })) };
    },
  });
}

function nothingLogged(job: string): Fault {
  const message = `No request of job "${job}" was kept that was a success; set \`samples\` for the job and tell outcomes.`;
  return new Fault('invalid_request', { message, param: 'items' });
}

function known(run: EvalRun | undefined, evalId: string): EvalRun {
  if (!run) throw new Fault('not_found', { message: `There is no evaluation ${evalId}.` });
  return run;
}

function toItem(item: z.output<typeof itemSchema>, at: number): EvalItem {
  const { prompt, messages, id: itemId, ...rest } = item;
  const asked = { ...rest, messages: messages ?? [{ role: 'user', content: prompt ?? '' }] };
  return { ...asked, id: itemId ?? `item-${at + 1}`, digest: itemDigest(asked) };
}

function toAnswer({ spec, ...run }: EvalRun): { readonly [field: string]: unknown } {
  const { candidates, samples, seed, judge } = spec;
  return { ...run, candidates, samples, seed, judge: judge ?? null };
}
