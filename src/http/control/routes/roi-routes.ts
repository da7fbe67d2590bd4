import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { RoiReport } from '../../../reports/index.ts';
import type { ReturnsDesk } from '../../returns/returns-desk.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';

/** What a return is measured from. */
export interface RoiViews {
  readonly clock: Clock;
  readonly returns: ReturnsDesk;
}

const dayMs = 86_400_000;

const nanos = z.string().meta({ description: 'Nano-USD as decimal text.' });
const interval = z.tuple([z.number(), z.number()]).nullable();

const answer = z
  .object({
    job: z.string(),
    fromMs: z.number(),
    toMs: z.number(),
    rule: z.string().meta({ description: 'What counts as a success.' }),
    requests: z.number(),
    leftOut: z.number().meta({ description: 'Requests beyond what one report looks at.' }),
    successes: z.number(),
    failures: z.number(),
    unknown: z.number().meta({ description: 'Nobody told; neither success nor failure.' }),
    successRate: z.object({ rate: z.number(), interval }).nullable(),
    costNanos: nanos,
    wasteNanos: nanos.meta({ description: 'Failed attempts, lost races and repairs; contained in the cost.' }),
    draftNanos: nanos.meta({ description: 'Drafts of cascades that a verifier turned down; contained in the waste.' }),
    evaluationNanos: nanos.meta({ description: 'Answers for evaluations; beside the cost.' }),
    unpriced: z.number().meta({ description: 'Requests whose cost is unknown; in no sum.' }),
    costPerSuccess: z
      .object({ nanos: z.number(), interval })
      .nullable()
      .meta({ description: 'null: there is no success yet. A statistical quantity, in nano-USD.' }),
    returns: z
      .array(z.object({ estimate: z.enum(['low', 'mid', 'high']), valueNanos: nanos, roi: z.number().nullable() }))
      .readonly(),
    saving: z
      .object({
        baseline: z.string(),
        baselineNanos: nanos,
        actualNanos: nanos,
        savedNanos: nanos,
        restNanos: nanos.meta({ description: 'What no layer explains for sure.' }),
        requests: z.number().meta({ description: 'Requests with a logged choice and a known cost.' }),
        isProven: z
          .boolean()
          .meta({ description: 'Whether answers are proven to be as good as those of the baseline.' }),
        detail: z.string(),
        layers: z.array(z.object({ name: z.string(), savedNanos: nanos, note: z.string() })).readonly(),
      })
      .nullable()
      .meta({ description: 'Against the baseline; null without one.' }),
  })
  .meta({ id: 'JobReturn' });

/** What a job costs per success and what it brings, from the journal of this gateway. */
export function roiRoutes(views: RoiViews): ControlRoute[] {
  return [
    route({
      operationId: 'getJobReturn',
      method: 'get',
      path: '/jobs/{jobName}/roi',
      tag: 'routing',
      summary:
        "Full cost per success of a job, value and return, and the saving against a baseline: this gateway's log.",
      roles: staff,
      scope: 'organisation',
      withoutDatabase: true,
      params: z.strictObject({
        jobName: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be 1 to 64 lower-case letters, digits or dashes'),
      }),
      query: z.strictObject({
        days: z.coerce.number().int().min(1).max(366).default(30).meta({ description: 'How far back.' }),
        baseline: z.string().max(200).optional().meta({ description: "Else the incumbent of the job's floor." }),
      }),
      answer,
      handle: ({ params: { jobName }, query }) => measure(views, jobName, query),
    }),
  ];
}

async function measure(
  { clock, returns }: RoiViews,
  job: string,
  query: { days: number; baseline?: string | undefined },
) {
  const question = returns.questionOf(job, query.baseline);
  if (!question) throw new Fault('not_found', { message: `There is no job ${job}.` });
  const toMs = clock.nowMs();
  const { jobs, leftOut } = await returns.ask({ fromMs: toMs - query.days * dayMs, toMs, jobs: [question] });
  const [measured] = jobs;
  if (!measured) throw new Error(`job ${job} was not measured`);
  if (query.baseline !== undefined && measured.isBaselineUnknown) {
    const message = `${query.baseline} was no candidate of job ${job} in the log.`;
    throw new Fault('invalid_request', { message, param: 'baseline' });
  }
  return toAnswer(measured.report, leftOut);
}

function toAnswer(report: RoiReport, leftOut: number): z.input<typeof answer> {
  const { cost, costPerSuccess, successRate, saving } = report;
  const bounds = (found: readonly [number, number] | undefined): [number, number] | null =>
    found ? [found[0], found[1]] : null;
  return {
    job: report.job,
    fromMs: report.fromMs,
    toMs: report.toMs,
    rule: report.rule.text,
    requests: report.requests,
    leftOut,
    successes: report.successes,
    failures: report.failures,
    unknown: report.unknown,
    successRate: successRate ? { rate: successRate.rate, interval: bounds(successRate.interval) } : null,
    costNanos: `${cost.totalNanos}`,
    wasteNanos: `${cost.wasteNanos}`,
    draftNanos: `${cost.draftNanos}`,
    evaluationNanos: `${cost.evaluationNanos}`,
    unpriced: cost.unpriced,
    costPerSuccess:
      'nanos' in costPerSuccess ? { nanos: costPerSuccess.nanos, interval: bounds(costPerSuccess.interval) } : null,
    returns: report.returns.map(({ estimate, valueNanos, roi }) => ({
      estimate,
      valueNanos: `${valueNanos}`,
      roi: roi ?? null,
    })),
    saving: saving
      ? {
          baseline: saving.parity.baseline,
          baselineNanos: `${saving.baselineNanos}`,
          actualNanos: `${saving.actualNanos}`,
          savedNanos: `${saving.savedNanos}`,
          restNanos: `${saving.restNanos}`,
          requests: saving.requests,
          isProven: saving.parity.isProven,
          detail: saving.parity.detail,
          layers: saving.layers.map(({ name, savedNanos, note }) => ({ name, savedNanos: `${savedNanos}`, note })),
        }
      : null,
  };
}
