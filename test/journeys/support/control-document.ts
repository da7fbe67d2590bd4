import type { ControlHarness } from '../../../src/http/control/testing/control-harness.ts';

/** A JSON Schema as the document holds it. */
export type DocumentSchema = { readonly [keyword: string]: unknown };

/** A parameter of an operation. */
export interface DocumentParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: DocumentSchema;
}

/** One route, as the OpenAPI document tells it. */
export interface DocumentOperation {
  readonly operationId: string;
  readonly method: string;
  /** Below `/api/v1`. */
  readonly path: string;
  readonly roles: readonly string[];
  readonly scope: string;
  readonly isChange: boolean;
  readonly parameters: readonly DocumentParameter[];
  readonly body: DocumentSchema | undefined;
}

/** The document with what its schemas refer to. */
export interface ControlDocument {
  readonly operations: readonly DocumentOperation[];
  readonly components: { readonly [name: string]: DocumentSchema };
}

interface RawOperation {
  readonly operationId: string;
  readonly 'x-switchyard-roles'?: readonly string[];
  readonly 'x-switchyard-scope'?: string;
  readonly parameters: readonly DocumentParameter[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: DocumentSchema } } };
}

const base = '/api/v1';

/** Reads the routes from the document that the API itself gives. Throws when it names none. */
export async function readControlDocument(api: ControlHarness): Promise<ControlDocument> {
  const { body } = await api.call('GET', '/openapi.json');
  const { paths, components } = body as unknown as {
    readonly paths: { readonly [path: string]: { readonly [method: string]: RawOperation } };
    readonly components: { readonly schemas: ControlDocument['components'] };
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => toOperation(method, path, raw)),
  );
  if (operations.length === 0) throw new Error('the OpenAPI document has no routes');
  return { operations, components: components.schemas };
}

function toOperation(method: string, path: string, raw: RawOperation): DocumentOperation {
  const { 'x-switchyard-roles': roles, 'x-switchyard-scope': scope, operationId } = raw;
  if (roles === undefined || scope === undefined) throw new Error(`${operationId} does not say who may call it`);
  return {
    operationId,
    method: method.toUpperCase(),
    path: path.slice(base.length),
    roles,
    scope,
    isChange: method !== 'get',
    parameters: raw.parameters,
    body: raw.requestBody?.content['application/json'].schema,
  };
}

/** Puts ids into the path. Throws for a parameter that has none, so that no route is left out by accident. */
export function fillPath({ path, operationId }: DocumentOperation, ids: { readonly [name: string]: string }): string {
  return path.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const id = ids[name];
    if (id === undefined) throw new Error(`${operationId}: the world has nothing for {${name}}; plant it`);
    return encodeURIComponent(id);
  });
}
