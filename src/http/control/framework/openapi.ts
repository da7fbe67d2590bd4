import { setImmediate as otherWork } from 'node:timers/promises';
import { z } from 'zod';
import { roles } from './principal.ts';
import { problemSchema } from './problem.ts';
import type { ControlRoute } from './route.ts';

/** A JSON Schema, or a piece of the document; only its outer shape matters here. */
type Piece = { readonly [name: string]: unknown };

const problemStatuses: { readonly [status: number]: string } = {
  400: 'Wrong input; `errors` names each field.',
  401: 'No or wrong token.',
  403: 'The token may not do this.',
  404: 'No such object, or none that this token may see.',
  409: 'The change contradicts what is there.',
  413: 'The body is too large.',
  503: 'The database is not available right now.',
};

/**
 * Writes the OpenAPI 3.1 document of the routes, with who may call each of them: some hundred milliseconds of work, done
 * a route at a time, so that nobody's stream waits for it.
 */
export async function openApiDocument(routes: readonly ControlRoute[], version: string): Promise<Piece> {
  const schemas: { [name: string]: Piece } = {};
  const collect = collector(schemas);
  const problemReference = collect(problemSchema, 'output');
  const paths: { [path: string]: { [method: string]: Piece } } = {};
  for (const route of routes) {
    const path = (paths[`/api/v1${route.path}`] ??= {});
    path[route.method] = operationOf(route, collect, problemReference);
    await otherWork();
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Switchyard control API',
      version,
      description:
        'Amounts are whole nano-USD as decimal text in fields ending in Nanos. Lists are paged with `limit` and `cursor`. ' +
        'Changes take an `Idempotency-Key` header: the same key with the same payload gives the same answer.',
    },
    security: [{ token: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: `The owner token or an access token; its role is one of ${roles.join(', ')}.`,
        },
      },
    },
  };
}

type Collect = (schema: z.ZodType, io: 'input' | 'output') => Piece;

function operationOf(route: ControlRoute, collect: Collect, problemReference: Piece): Piece {
  const { operationId, tag, summary, schemas, status = 200 } = route;
  return {
    operationId,
    tags: [tag],
    summary,
    security: [{ token: [] }],
    'x-switchyard-roles': route.roles,
    'x-switchyard-scope': route.scope,
    ...(route.forClients === true && { 'x-switchyard-clients': true }),
    ...(route.audit !== undefined && { 'x-switchyard-audit': route.audit }),
    parameters: parametersOf(route, collect),
    ...(schemas.body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: collect(schemas.body, 'input') } } },
    }),
    responses: {
      [status]: successOf(route, collect),
      ...Object.fromEntries(
        Object.entries(problemStatuses).map(([code, description]) => [
          code,
          { description, content: { 'application/problem+json': { schema: problemReference } } },
        ]),
      ),
    },
  };
}

function successOf({ schemas, files, summary, status }: ControlRoute, collect: Collect): Piece {
  if (status === 204) return { description: summary };
  const content = files
    ? Object.fromEntries(files.map((type) => [type, { schema: { type: 'string' } }]))
    : { 'application/json': { schema: collect(schemas.answer, 'input') } };
  return { description: summary, content };
}

function parametersOf({ schemas, audit }: ControlRoute, collect: Collect): Piece[] {
  const header = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'Makes it safe to send the change again: 1 to 128 printable characters, kept for a day at least.',
    schema: { type: 'string', minLength: 1, maxLength: 128 },
  };
  return [
    ...fieldsOf(schemas.params, collect).map((field) => ({ ...field, in: 'path', required: true })),
    ...fieldsOf(schemas.query, collect).map((field) => ({ ...field, in: 'query' })),
    ...(audit === undefined ? [] : [header]),
  ];
}

function fieldsOf(schema: z.ZodType | undefined, collect: Collect): Piece[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = collect(schema, 'input') as {
    readonly properties?: { readonly [name: string]: Piece };
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, piece]) => ({
    name,
    required: required.includes(name),
    schema: piece,
  }));
}

/** Schemas with an id become components, everything else stays in place. */
function collector(schemas: { [name: string]: Piece }): Collect {
  return (schema, io) => {
    const converted = z.toJSONSchema(schema, {
      io,
      unrepresentable: 'any',
      // An id is the name of a component, which answers and input share.
      override({ jsonSchema, zodSchema }) {
        delete jsonSchema.id;
        // Whole numbers beyond what a JSON number holds exactly are written as text.
        if (zodSchema._zod.def.type === 'bigint') Object.assign(jsonSchema, { type: 'string', pattern: '^-?[0-9]+$' });
      },
    }) as Piece & { readonly $defs?: { readonly [name: string]: Piece } };
    const { $defs = {}, $schema: _dialect, ...rest } = converted;
    for (const [name, definition] of Object.entries($defs)) schemas[name] = pointToComponents(definition);
    return pointToComponents(rest);
  };
}

function pointToComponents(piece: Piece): Piece {
  return JSON.parse(JSON.stringify(piece).replaceAll('"#/$defs/', '"#/components/schemas/')) as Piece;
}
