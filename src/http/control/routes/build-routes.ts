import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import type { BuildEvent, BuildService } from '../../../runtime/index.ts';
import { id, name, positiveNanos, text } from '../framework/fields.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { appName } from './app-schemas.ts';

/** What builds are reached through. */
export interface BuildViews {
  readonly builds: Pick<BuildService, 'start' | 'find'>;
}

const anyObject = z.record(z.string(), z.unknown());
/** $0.50: a dozen questions to a large model. */
const usualCapNanos = '500000000';

const wanted = z.strictObject({
  prompt: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(20_000)
    .regex(/^[^\0]*$/, 'must not hold NUL')
    .meta({ description: 'What to build, in words.' }),
  app: appName.optional().meta({ description: 'Name of the app; made from the words when absent.' }),
  model: text(200).optional().meta({
    description: 'Model to ask; else those of the job `code-build`, else a simulated one.',
  }),
  capNanos: positiveNanos
    .prefault(usualCapNanos)
    .meta({ description: 'Most that all questions to models may cost together.' }),
  deploy: z.boolean().default(true).meta({ description: 'Whether it is served as the preview of the app.' }),
  customer: name.optional().meta({ description: 'Who pays, and whose app it is; the organisation when absent.' }),
});

/** Routes that make apps of words. */
export function buildRoutes({ builds }: BuildViews): ControlRoute[] {
  return [createBuild(builds), getBuild(builds)];
}

function createBuild(builds: BuildViews['builds']): ControlRoute {
  return route({
    operationId: 'createBuild',
    method: 'post',
    path: '/builds',
    tag: 'builds',
    summary:
      'Has a model write an app, tries it in a sandbox and serves it as a preview. Lines of JSON tell each step.',
    roles: ['owner', 'operator'],
    scope: 'organisation',
    audit: 'build.create',
    withoutDatabase: true,
    files: ['application/x-ndjson'],
    body: wanted,
    answer: anyObject.meta({ description: 'Events, one object per line; the last one holds the build.' }),
    handle({ body }, { principal, signal }) {
      const { prompt: wish, app, model, capNanos, deploy: isDeployed, customer = null } = body;
      const actor = { name: principal.name, role: principal.role };
      const running = builds.start({ wish, app, model, capNanos, isDeployed, customer, actor }, { signal });
      return Promise.resolve({
        contentType: 'application/x-ndjson',
        content: lines(running.events()),
        ownerId: undefined,
      });
    },
  });
}

function getBuild(builds: BuildViews['builds']): ControlRoute {
  return route({
    operationId: 'getBuild',
    method: 'get',
    path: '/builds/{buildId}',
    tag: 'builds',
    summary: 'A build: what was asked and written, what was tried, what it cost and where it is served.',
    roles: staff,
    scope: 'organisation',
    withoutDatabase: true,
    params: z.strictObject({ buildId: id('bld') }),
    answer: anyObject.meta({ description: 'The build.' }),
    async handle({ params }) {
      const build = await builds.find(params.buildId);
      if (!build) throw new Fault('not_found', { message: `There is no build ${params.buildId}.` });
      return { ...build };
    },
  });
}

async function* lines(events: AsyncIterable<BuildEvent>): AsyncGenerator<string> {
  for await (const event of events) yield `${JSON.stringify(event)}\n`;
}
