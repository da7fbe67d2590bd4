import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import { explainDecision, type PreviewedRequest, type RoutePreview, toExchangeRecord } from '../../../gateway/index.ts';
import type { Journal } from '../../../journal/index.ts';
import type { LearningService } from '../../../routing/index.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';

/** What decisions are explained from. */
export interface DecisionViews {
  readonly journal: Journal;
  readonly learning: LearningService;
  /** Where a request would go now. */
  previewRoute(request: PreviewedRequest): RoutePreview | Fault;
}

const anyId = new RegExp(`^(${['req', 'dec'].join('|')})_[0-9a-f]{32}$`);

const nanosText = z.string().nullable().meta({ description: 'Expected nano-USD as decimal text; null: unknown.' });

const candidate = z.object({
  model: z.string(),
  quality: z.number().meta({ description: 'Expected success, 0 to 1.' }),
  lower: z.number().meta({ description: 'Its lower bound, one-sided 95%.' }),
  evidence: z.number().meta({ description: 'Graded answers behind it, discounted by age.' }),
  costNanos: nanosText,
  latencyMs: z.number(),
  utility: z.number().meta({ description: 'Success less cost and waiting, in units of one success.' }),
  propensity: z.number().meta({ description: 'Probability with which it was chosen.' }),
  excluded: z.string().optional().meta({ description: 'Why it could not be chosen.' }),
  excludedBy: z
    .enum(['eligibility', 'floor'])
    .optional()
    .meta({ description: "What kept it out: it could not answer, or the job's quality floor." }),
});

const routing = z
  .object({
    found: z.enum(['named', 'only', 'nearest', 'unknown']).meta({ description: 'How the job was found.' }),
    similarity: z.number().optional(),
    jobVersionId: z.string().optional(),
    stateId: z.string().meta({ description: 'Snapshot of what was learned.' }),
    decidedBy: z.enum(['best', 'incumbent', 'exploration', 'kept']),
    level: z.enum(['prior', 'global', 'job', 'prompt']).meta({ description: 'Deepest evidence behind the qualities.' }),
    candidates: z.array(candidate).readonly(),
    hosts: z.array(z.object({ endpoint: z.string(), propensity: z.number() })).readonly(),
    hostBy: z.enum(['only', 'sticky', 'drawn']),
    runnerUp: z.object({ model: z.string(), costNanos: nanosText }).optional(),
    valueNanos: z.string().optional(),
    inputTokens: z.number(),
    featuresDigest: z.string().optional(),
    featuresBy: z.string().optional().meta({
      description:
        'What the prompt was read by: `embedding MODEL`, or `words` with why; only with an embeddings model.',
    }),
  })
  .meta({ id: 'Routing' });

const cascade = z
  .object({
    stages: z.array(z.string()).readonly().meta({ description: 'Models in the order in which they are asked.' }),
    verifier: z.string().meta({ description: 'What looks at every answer but the last.' }),
    verifierError: z.number().meta({ description: 'Share of wrong verdicts, as outcomes have shown it.' }),
    by: z.enum(['configured', 'auto']),
    success: z.number().meta({ description: 'Expected success of the whole chain.' }),
    costNanos: z.string(),
    single: z.string().meta({ description: 'The model that would have answered alone.' }),
    propensity: z.number().optional().meta({ description: 'Chance of what was done, where some are held out.' }),
  })
  .meta({ id: 'Cascade' });

const chosen = {
  summary: z.string().meta({ description: 'One sentence for people.' }),
  reasons: z.array(z.string()).readonly(),
  model: z.string(),
  chosen: z.string().meta({ description: 'Endpoint that comes first.' }),
  ranked: z.array(z.string()).readonly(),
  job: z.string().nullable(),
  excluded: z.array(z.object({ endpoint: z.string(), reason: z.string() })).readonly(),
  routing: routing.nullable().meta({ description: 'null: a model was asked for by name.' }),
  cascade: cascade.nullable().meta({ description: 'Who is asked in turn; null: one model answers alone.' }),
};

const explanation = z
  .object({
    decisionId: z.string(),
    requestId: z.string(),
    atMs: z.number(),
    customer: z.string().nullable(),
    ...chosen,
    prompt: z
      .string()
      .nullable()
      .meta({ description: 'Version of the prompt that the model was given besides; null: none.' }),
    rollout: z
      .object({ id: z.string(), arm: z.enum(['incumbent', 'candidate']), propensity: z.number() })
      .nullable()
      .meta({ description: 'The side of a rollout that the request was drawn for; null: none.' }),
    answeredBy: z.object({ model: z.string(), host: z.string() }).nullable(),
    propensity: z.number(),
    seed: z.number(),
    isReplayed: z.boolean().nullable().meta({ description: 'Drawn again with its seed, it gives the same model.' }),
  })
  .meta({ id: 'Decision' });

const preview = z.object(chosen).meta({ id: 'RoutePreview' });

const alarm = z.object({ model: z.string(), host: z.string().optional(), atMs: z.number() });

const learningState = z
  .object({
    stateId: z.string(),
    publishedAtMs: z.number(),
    outcomes: z.number().meta({ description: 'Exchanges with a verdict that can still be taken back.' }),
    prompts: z.number(),
    models: z.number(),
    jobs: z.number(),
    alarms: z.array(alarm).readonly().meta({ description: 'Models, or hosts of them, that became worse.' }),
  })
  .meta({ id: 'LearningState' });

/** Routes that say why requests went where they went; they work without the database. */
export function decisionRoutes(views: DecisionViews): ControlRoute[] {
  return [get(views), previewOne(views), learned(views)];
}

function get({ journal }: DecisionViews): ControlRoute {
  return route({
    operationId: 'getDecision',
    method: 'get',
    path: '/decisions/{decisionId}',
    tag: 'routing',
    summary: 'Why a request went where it went: by the id of the request or of the decision.',
    // What candidates would have cost is the organisation's own affair.
    roles: staff,
    scope: 'organisation',
    withoutDatabase: true,
    params: z.strictObject({
      decisionId: z.string().regex(anyId, 'must be the id of a request or a decision'),
    }),
    answer: explanation,
    async handle({ params: { decisionId } }) {
      const requestId = decisionId.replace(/^dec_/, 'req_');
      const record = toExchangeRecord(requestId, await journal.find(requestId));
      const explained = record && explainDecision(record);
      if (!explained) throw new Fault('not_found', { message: `There is no decision ${decisionId}.` });
      return explained;
    },
  });
}

function previewOne(views: DecisionViews): ControlRoute {
  return route({
    operationId: 'previewRoute',
    method: 'get',
    path: '/routing/preview',
    tag: 'routing',
    summary: 'Where a request would go now, and why. Nothing is called, spent or recorded.',
    roles: staff,
    scope: 'organisation',
    withoutDatabase: true,
    query: z.strictObject({
      job: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be the name of a job')
        .optional()
        .meta({ description: 'Absent: the job is found by the prompt.' }),
      prompt: z.string().max(8000).default('').meta({ description: 'What the user asks.' }),
    }),
    answer: preview,
    handle({ query }) {
      const told = views.previewRoute(query);
      return Fault.is(told) ? Promise.reject(told) : Promise.resolve(told);
    },
  });
}

function learned({ learning }: DecisionViews): ControlRoute {
  return route({
    operationId: 'getLearning',
    method: 'get',
    path: '/routing/learning',
    tag: 'routing',
    summary: 'How far learning is: outcomes, snapshot, and what became worse.',
    roles: staff,
    scope: 'organisation',
    withoutDatabase: true,
    answer: learningState,
    handle() {
      const { alarms, ...status } = learning.status();
      return Promise.resolve({
        ...status,
        alarms: alarms.map(({ model, host, atMs }) => ({ model, atMs, ...(host !== undefined && { host }) })),
      });
    },
  });
}
