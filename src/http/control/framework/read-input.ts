import type { z } from 'zod';
import { Fault } from '../../../domain/faults/fault.ts';
import { type FieldProblem, InputFault } from './input-fault.ts';

/** What arrived, before any check. */
export interface RawInput {
  readonly params: { readonly [name: string]: string };
  /** Every value of each name; a name given twice is refused. */
  readonly query: { readonly [name: string]: readonly string[] };
  /** Parsed JSON; undefined when there was no body. */
  readonly body: unknown;
}

interface InputSchemas<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  readonly params: Params | undefined;
  readonly query: Query | undefined;
  readonly body: Body | undefined;
}

/** Input that satisfies its schemas. */
export interface CheckedInput<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  readonly params: z.output<Params>;
  readonly query: z.output<Query>;
  readonly body: z.output<Body>;
}

const maxProblems = 20;

/** Checks path, query and body together, so that one answer names all that is wrong. */
export function checkInput<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  raw: RawInput,
  schemas: InputSchemas<Params, Query, Body>,
): CheckedInput<Params, Query, Body> {
  const problems: FieldProblem[] = [];
  const query = singleValues(raw.query, problems);
  const params = check(schemas.params, raw.params, problems);
  const checkedQuery = schemas.query ? check(schemas.query, query, problems) : refuseAll(query, problems);
  const body = checkBody(schemas.body, raw.body, problems);
  if (problems.length > 0) throw new InputFault(problems.slice(0, maxProblems));
  return {
    params: params as z.output<Params>,
    query: checkedQuery as z.output<Query>,
    body: body as z.output<Body>,
  };
}

function singleValues(query: RawInput['query'], problems: FieldProblem[]): { [name: string]: string } {
  return Object.fromEntries(
    Object.entries(query).map(([name, values]) => {
      if (values.length > 1) problems.push({ field: name, detail: 'is given more than once; give it once' });
      return [name, values[0] ?? ''];
    }),
  );
}

function checkBody(schema: z.ZodType | undefined, body: unknown, problems: FieldProblem[]): unknown {
  if (schema === undefined) {
    if (body !== undefined) problems.push({ field: 'body', detail: 'is not expected here; send none' });
    return undefined;
  }
  if (body === undefined && !schema.safeParse(undefined).success) {
    problems.push({ field: 'body', detail: 'is needed: a JSON object' });
    return undefined;
  }
  return check(schema, body, problems);
}

function refuseAll(query: object, problems: FieldProblem[]): object {
  for (const field of Object.keys(query)) {
    problems.push({ field, detail: 'is no parameter of this route; leave it out' });
  }
  return {};
}

function check(schema: z.ZodType | undefined, value: unknown, problems: FieldProblem[]): unknown {
  if (schema === undefined) return {};
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) problems.push(...describeIssue(issue));
  return undefined;
}

function describeIssue(issue: z.core.$ZodIssue): FieldProblem[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: [...path, key].join('.'),
      detail: 'is no field of this call; leave it out or mend its name',
    }));
  }
  if (issue.code === 'invalid_union') {
    const best = [...issue.errors].sort((left, right) => depthOf(right) - depthOf(left))[0] ?? [];
    const inner = best.flatMap((one) => describeIssue({ ...one, path: [...issue.path, ...one.path] }));
    if (inner.length > 0) return inner;
  }
  return [{ field: path.join('.') || 'body', detail: detailOf(issue) }];
}

/** Of the branches of a union, the one that went furthest is the one that was meant. */
function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map(({ path }) => path.length));
}

function detailOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
    return `is needed: ${article(issue.expected)}`;
  }
  if (issue.code === 'invalid_type') {
    const received = / received (.+)$/.exec(issue.message)?.[1];
    return `must be ${article(issue.expected)}${received === undefined ? '' : `, not ${article(received)}`}`;
  }
  if (issue.code === 'invalid_value')
    return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
  return issue.message.replace(/^Invalid (input|string): /, '').replace(/^T/, 't');
}

function article(type: string): string {
  if (type === 'int') return 'a whole number';
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

/** Parses a body. Throws a Fault for what is no JSON. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const message = 'The body is no JSON; send a JSON object with content-type: application/json.';
    throw new Fault('invalid_request', { message, param: 'body', cause: error });
  }
}
