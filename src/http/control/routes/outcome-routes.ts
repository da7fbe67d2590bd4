import { z } from 'zod';
import type { OutcomeFact } from '../../../domain/facts/facts.ts';
import { Fault } from '../../../domain/faults/fault.ts';
import type { OutcomeDesk, OutcomeTeller, RecordedOutcome, ToldOutcome } from '../../../gateway/index.ts';
import type { Principal } from '../framework/principal.ts';
import { readCsvRows, readNdjson } from '../framework/read-rows.ts';
import { type ControlRoute, route } from '../framework/route.ts';
import { outcomeOfRow, outcomeSchema, toTold } from './outcome-body.ts';

/** What takes outcomes in. */
export interface OutcomeViews {
  readonly outcomeDesk: OutcomeDesk;
}

const anyObject = z.record(z.string(), z.unknown());
const maxBatchBytes = 4 * 1024 * 1024;
const maxBatch = 1000;
const atOnce = 16;

/** Routes for telling what answers were worth; customers' keys and pages with a token may call them, too. */
export function outcomeRoutes(views: OutcomeViews): ControlRoute[] {
  return [createOutcome(views), createOutcomes(views)];
}

function createOutcome({ outcomeDesk }: OutcomeViews): ControlRoute {
  return route({
    operationId: 'createOutcome',
    method: 'post',
    path: '/outcomes',
    tag: 'outcomes',
    summary: 'Evidence of the value of an answer, from which routing learns. The journal keeps it.',
    roles: ['owner', 'operator'],
    scope: 'organisation',
    status: 201,
    audit: 'outcome.create',
    withoutDatabase: true,
    forClients: true,
    body: outcomeSchema,
    answer: anyObject.meta({ description: 'The outcome as recorded, with the id to correct or retract it by.' }),
    async handle({ body }, { principal, idempotencyKey }) {
      const recorded = await tell(outcomeDesk, { body, principal, idempotencyKey });
      if (Fault.is(recorded)) throw recorded;
      return answerFor(principal, recorded.fact);
    },
  });
}

function createOutcomes({ outcomeDesk }: OutcomeViews): ControlRoute {
  return route({
    operationId: 'createOutcomes',
    method: 'post',
    path: '/outcomes/batch',
    tag: 'outcomes',
    summary: `Up to ${maxBatch} outcomes at once: JSON, application/x-ndjson or text/csv with the same names as columns.`,
    roles: ['owner', 'operator'],
    scope: 'organisation',
    audit: 'outcome.create',
    withoutDatabase: true,
    forClients: true,
    maxBodyBytes: maxBatchBytes,
    bodyReaders: {
      'application/x-ndjson': (text) => ({ outcomes: readNdjson(text) }),
      'text/csv': (text) => ({ outcomes: readCsvRows(text).map(outcomeOfRow) }),
    },
    body: z.strictObject({ outcomes: z.array(outcomeSchema).min(1).max(maxBatch) }),
    answer: z.object({
      recorded: z.int(),
      repeated: z.int(),
      refused: z
        .array(z.object({ index: z.int(), code: z.string(), detail: z.string() }))
        .meta({ description: 'Outcomes that were not taken, by their place; all others were.' }),
    }),
    async handle({ body }, { principal }) {
      const results: (RecordedOutcome | Fault)[] = [];
      for (let start = 0; start < body.outcomes.length; start += atOnce) {
        const part = body.outcomes.slice(start, start + atOnce);
        const told = part.map((one) => tell(outcomeDesk, { body: one, principal, idempotencyKey: undefined }));
        results.push(...(await Promise.all(told)));
      }
      const refused = results.flatMap((result, index) =>
        Fault.is(result) ? [{ index, code: result.code, detail: result.message }] : [],
      );
      const repeated = results.filter((result) => !Fault.is(result) && result.isRepeated).length;
      return { recorded: results.length - refused.length - repeated, repeated, refused };
    },
  });
}

function tell(
  desk: OutcomeDesk,
  asked: {
    readonly body: z.output<typeof outcomeSchema>;
    readonly principal: Principal;
    readonly idempotencyKey: string | undefined;
  },
): Promise<RecordedOutcome | Fault> {
  const { body, principal, idempotencyKey } = asked;
  const told = toTold(body, idempotencyKey);
  const customer = principal.customerId;
  const { endUser } = principal;
  if (endUser !== undefined && told.retracts === undefined && (body.kind ?? 'thumb') !== 'thumb') {
    const message = 'A token of an end user may tell a thumb about its own answers, and nothing else.';
    return Promise.resolve(new Fault('not_allowed', { message, param: 'kind' }));
  }
  if (customer !== undefined && body.customer !== undefined && body.customer !== customer) {
    return Promise.resolve(
      new Fault('not_allowed', { message: 'A key tells of its own customer.', param: 'customer' }),
    );
  }
  const teller: OutcomeTeller = { name: principal.name, customer, endUser };
  const isThumb = endUser !== undefined && told.retracts === undefined;
  const own = isThumb ? thumbOf(told) : told;
  return desk.tell({ ...own, customer: body.customer }, teller);
}

/** Of what an end user says, the thumb: a page may put anything into the other fields. */
function thumbOf({ requestId, externalId, value, idempotencyKey, supersedes }: ToldOutcome): ToldOutcome {
  return { requestId, externalId, value, idempotencyKey, supersedes, kind: 'thumb', source: 'end-user' };
}

/** Customers are told what they said; whom a model runs at and what routing expected is not theirs to see. */
function answerFor({ customerId, endUser }: Principal, fact: OutcomeFact): Record<string, unknown> {
  if (customerId === undefined && endUser === undefined) return { ...fact };
  const { outcomeId, requestId, kind, value, label, atMs, retracts, supersedes } = fact;
  return { outcomeId, requestId, endUser: fact.endUser, kind, value, label, atMs, retracts, supersedes };
}
