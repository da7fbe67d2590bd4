import { z } from 'zod';
import type { ToldOutcome } from '../../../gateway/index.ts';
import { id, instantMs, name, text } from '../framework/fields.ts';

const maxMinutes = 1_000_000;

/** Fields of one outcome; which go together is checked by `outcomeSchema`. */
const fields = {
  requestId: id('req').optional().meta({ description: 'From the header x-switchyard-request-id of the answer.' }),
  externalId: text(200)
    .optional()
    .meta({ description: 'Your own id, as sent in the header x-switchyard-external-id.' }),
  customer: name.optional().meta({ description: 'Whose externalId it is; else that of the key, else default.' }),
  kind: text(64)
    .optional()
    .meta({ description: 'test, score, pass, fail, label, thumb, revenue … or a word of yours.' }),
  value: z.number().min(0).max(1).optional().meta({ description: '0 is worthless, 1 is right.' }),
  pass: z.boolean().optional().meta({ description: 'In place of a value.' }),
  label: text(64).optional(),
  amountNanos: z
    .string()
    .regex(/^-?[0-9]{1,18}$/, 'must be whole nano-USD in decimal digits')
    .optional()
    .meta({ description: 'Revenue, in nano-USD.' }),
  minutesSaved: z.number().min(0).max(maxMinutes).optional(),
  reliability: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .meta({ description: 'How far it is to be believed; else by its kind.' }),
  source: text(64).default('api'),
  atMs: instantMs.optional().meta({ description: 'When it happened, if not now.' }),
  retracts: id('out').optional().meta({ description: 'Takes this outcome of the request back.' }),
  supersedes: id('out').optional().meta({ description: 'Corrects this outcome of the request.' }),
  idempotencyKey: text(128).optional().meta({ description: 'The same again under the same key counts once.' }),
};

/** One outcome as it is posted. */
export const outcomeSchema = z.strictObject(fields).superRefine((body, context) => {
  const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
  if ((body.requestId === undefined) === (body.externalId === undefined))
    refuse('requestId', 'is needed, or externalId in its place, and not both');
  if (body.value !== undefined && body.pass !== undefined) refuse('pass', 'says the same as value: give one of them');
  const said = (['value', 'pass', 'label', 'amountNanos', 'minutesSaved'] as const).filter(
    (field) => body[field] !== undefined,
  );
  if (body.retracts !== undefined && (said.length > 0 || body.supersedes !== undefined))
    refuse('retracts', 'takes an outcome back and says nothing else');
  const needsValue = body.kind === undefined || body.kind === 'score' || body.kind === 'thumb';
  if (body.retracts === undefined && said.length === 0 && needsValue)
    refuse('value', 'is needed, or one of pass, label, amountNanos, minutesSaved');
});

/** Makes of a body what the desk takes: a kind, and pass or fail as a value. */
export function toTold(body: z.output<typeof outcomeSchema>, idempotencyKey: string | undefined): ToldOutcome {
  const { pass, reliability, customer: _, ...rest } = body;
  const kind = body.kind ?? kindOf(body);
  const byWord = kind === 'pass' || kind === 'fail' ? Number(kind === 'pass') : undefined;
  const value = body.value ?? (pass === undefined ? byWord : Number(pass));
  return {
    ...rest,
    kind,
    idempotencyKey: idempotencyKey ?? body.idempotencyKey,
    ...(value !== undefined && body.retracts === undefined && { value }),
    ...(reliability !== undefined && { weight: reliability }),
  };
}

function kindOf(body: z.output<typeof outcomeSchema>): string {
  if (body.retracts !== undefined) return 'retraction';
  if (body.pass !== undefined) return body.pass ? 'pass' : 'fail';
  if (body.value !== undefined) return 'score';
  if (body.label !== undefined) return 'label';
  return body.amountNanos !== undefined ? 'revenue' : 'minutes_saved';
}

const numbers: ReadonlySet<string> = new Set(['value', 'minutesSaved', 'reliability', 'atMs']);

/** A row of CSV with its numbers and booleans; what is none stays text, which the schema then refuses by name. */
export function outcomeOfRow(row: { readonly [column: string]: string }): { readonly [field: string]: unknown } {
  return Object.fromEntries(
    Object.entries(row).map(([column, cell]) => {
      if (numbers.has(column) && cell.trim() !== '' && Number.isFinite(Number(cell))) return [column, Number(cell)];
      if (column === 'pass' && (cell === 'true' || cell === 'false')) return [column, cell === 'true'];
      return [column, cell];
    }),
  );
}
