import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ControlDocument, DocumentOperation, DocumentSchema } from './control-document.ts';

/** Input that an operation must refuse. */
export interface WrongInput {
  readonly what: string;
  /** The field that the answer has to name. */
  readonly field: string;
  readonly query: string;
  readonly body: unknown;
}

const hostileTexts = [
  "'; DROP TABLE customer; --",
  '" OR 1=1 --',
  'a\u0000b',
  '\u001b[31m',
  '../../etc/passwd',
  '${jndi:ldap://x}',
  '__proto__',
  'x'.repeat(20_000),
  '',
  '-1',
  '1.5',
  '1e400',
  'NaN',
  '99999999999999999999999999',
];
const wrongValues: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 2,
  [],
  {},
  [null],
  { $gt: '' },
  ...hostileTexts,
];

type JsonObject = { readonly [field: string]: unknown };

/** Writes wrong inputs of an operation from its schemas; only those that do violate them. */
export class WrongInputs {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #components: ControlDocument['components'];
  readonly #compiled = new WeakMap<DocumentSchema, ValidateFunction>();

  constructor({ components }: ControlDocument) {
    this.#components = components;
  }

  /** Does a value satisfy a schema of the document? */
  isValid(schema: DocumentSchema, value: unknown): boolean {
    return this.#compile(schema)(value);
  }

  /** Every wrong input of an operation, built around a body that is right. */
  of(operation: DocumentOperation, body: JsonObject | undefined): WrongInput[] {
    return [...this.#wrongParameters(operation, body), ...this.#wrongBodies(operation, body)];
  }

  #wrongParameters({ parameters }: DocumentOperation, body: unknown): WrongInput[] {
    const inQuery = parameters.filter((one) => one.in === 'query');
    const wrong = inQuery.flatMap(({ name, schema }) =>
      hostileTexts
        .filter((text) => !this.isValid(schema, text))
        .map((text) => ({
          what: `query ${name} = ${text.slice(0, 30)}`,
          field: name,
          query: `?${new URLSearchParams({ [name]: text }).toString()}`,
          body,
        })),
    );
    return [...wrong, { what: 'an unknown parameter', field: 'unknownParameter', query: '?unknownParameter=1', body }];
  }

  #wrongBodies({ body: schema }: DocumentOperation, right: JsonObject | undefined): WrongInput[] {
    if (schema === undefined || right === undefined) return [];
    const wrong: WrongInput[] = [];
    const add = (what: string, field: string, body: unknown): void => {
      if (!this.isValid(schema, body)) wrong.push({ what, field, query: '', body });
    };
    for (const whole of ['text', 5, [], null]) add(`the body is ${JSON.stringify(whole)}`, 'body', whole);
    add('an unknown field', 'unknownField', { ...right, unknownField: 1 });
    for (const field of fieldsOf(schema)) {
      const { [field]: _left, ...rest } = right;
      add(`${field} is missing`, field, rest);
      for (const value of wrongValues) {
        add(`${field} = ${JSON.stringify(value).slice(0, 40)}`, field, { ...right, [field]: value });
      }
    }
    return wrong;
  }

  #compile(schema: DocumentSchema): ValidateFunction {
    const known = this.#compiled.get(schema);
    if (known) return known;
    const text = JSON.stringify({ ...schema, components: { schemas: this.#components } });
    const compiled = this.#ajv.compile(JSON.parse(text) as object);
    this.#compiled.set(schema, compiled);
    return compiled;
  }
}

/** Fields of a body, those of every branch of a union included. */
export function fieldsOf(schema: DocumentSchema): string[] {
  const branches = [schema['oneOf'], schema['anyOf']]
    .filter((one): one is DocumentSchema[] => Array.isArray(one))
    .flat();
  const own = Object.keys((schema['properties'] as object | undefined) ?? {});
  return [...new Set([...own, ...branches.flatMap(fieldsOf)])];
}
