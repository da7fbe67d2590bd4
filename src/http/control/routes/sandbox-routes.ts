import { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import type { SandboxService } from '../../../runtime/index.ts';
import { text } from '../framework/fields.ts';
import { staff } from '../framework/principal.ts';
import { type ControlRoute, route } from '../framework/route.ts';

/** What long-lived sandboxes are looked after through. */
export interface SandboxViews {
  readonly sandboxes: Pick<SandboxService, 'summaries' | 'kill'>;
}

const mostRows = 1000;
const sandboxId = z.string().regex(/^sbx[0-9a-f]{32}$/, 'must be the id of a sandbox');

const sandboxSchema = z.object({
  id: sandboxId,
  key: z.string(),
  customer: z.string(),
  template: z.string(),
  metadata: z.record(z.string(), z.string()),
  state: z.enum(['running', 'paused']),
  startedAtMs: z.number(),
  endsAtMs: z.number(),
  pausedAtMs: z.number().nullable(),
  onTimeout: z.enum(['kill', 'pause']),
});

/** Routes of those who look after everybody's sandboxes; their owners use the protocol of their clients. */
export function sandboxRoutes({ sandboxes }: SandboxViews): ControlRoute[] {
  return [listSandboxes(sandboxes), killSandbox(sandboxes)];
}

const shared = { tag: 'sandboxes', scope: 'organisation', withoutDatabase: true } as const;

function listSandboxes(sandboxes: SandboxViews['sandboxes']): ControlRoute {
  return route({
    ...shared,
    operationId: 'listSandboxes',
    method: 'get',
    path: '/sandboxes',
    summary: `Sandboxes that clients made and keep, newest first, at most ${mostRows}.`,
    roles: staff,
    query: z.strictObject({
      key: text(256).optional().meta({ description: 'Only those of this key.' }),
      state: z.enum(['running', 'paused']).optional(),
    }),
    answer: z.object({ data: z.array(sandboxSchema) }),
    async handle({ query }) {
      const all = await sandboxes.summaries();
      const wanted = all.filter(
        ({ key, state }) => (query.key === undefined || key === query.key) && (query.state ?? state) === state,
      );
      return { data: wanted.slice(0, mostRows).map((one) => sandboxSchema.parse(one)) };
    },
  });
}

function killSandbox(sandboxes: SandboxViews['sandboxes']): ControlRoute {
  return route({
    ...shared,
    operationId: 'killSandbox',
    method: 'delete',
    path: '/sandboxes/{sandboxId}',
    summary: 'Ends a sandbox of whichever key, with its processes and files.',
    roles: ['owner', 'operator'],
    status: 204,
    audit: 'sandbox.kill',
    params: z.strictObject({ sandboxId }),
    answer: z.undefined(),
    async handle({ params }, call) {
      if (!(await sandboxes.kill(params.sandboxId))) {
        throw new Fault('not_found', { message: `There is no sandbox ${params.sandboxId}.` });
      }
      call.audited({ id: params.sandboxId });
      return undefined;
    },
  });
}
