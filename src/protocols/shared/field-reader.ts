import { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { nearestNumber } from './exact-json.ts';

/**
 * Reads the typed fields of a request object, remembering which were used: the rest is carried along, the pointers
 * name losses, and the first field of a wrong type becomes an `invalid_request` naming it.
 */
export class FieldReader {
  readonly pointers: Record<string, string> = {};
  readonly #source: JsonObject;
  readonly #base: string;
  readonly #used = new Set<string>();
  #fault: Fault | undefined;

  constructor(source: JsonObject, base = '') {
    this.#source = source;
    this.#base = base;
  }

  /** The first field of a wrong type, if any. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Any value; null counts as absent. `field` is our name for the loss report. */
  any(key: string, field?: string): Json | undefined {
    this.#used.add(key);
    const value = this.#source[key];
    if (value === undefined || value === null) return undefined;
    if (field !== undefined) this.pointers[field] = this.pointerTo(key);
    return value;
  }

  number(key: string, field?: string): number | undefined {
    const value = this.any(key, field);
    return typeof value === 'number' ? value : (nearestNumber(value) ?? this.#wrong(key, value, 'a number'));
  }

  string(key: string, field?: string): string | undefined {
    const value = this.any(key, field);
    return typeof value === 'string' ? value : this.#wrong(key, value, 'a string');
  }

  /** A name, or names in their order of preference: as a list or, as everywhere else, as one text with commas. */
  names(key: string): string | undefined {
    const value = this.any(key);
    if (!Array.isArray(value)) return typeof value === 'string' ? value : this.#wrong(key, value, 'a string');
    const isNamed = value.length > 0 && value.every((name) => typeof name === 'string' && name !== '');
    return isNamed ? value.join(',') : this.#wrong(key, value, 'a name or a list of names');
  }

  boolean(key: string, field?: string): boolean | undefined {
    const value = this.any(key, field);
    return typeof value === 'boolean' ? value : this.#wrong(key, value, 'true or false');
  }

  object(key: string, field?: string): JsonObject | undefined {
    const value = this.any(key, field);
    return isObject(value) ? value : this.#wrong(key, value, 'an object');
  }

  array(key: string, field?: string): readonly Json[] | undefined {
    const value = this.any(key, field);
    return Array.isArray(value) ? value : this.#wrong(key, value, 'an array');
  }

  /** Fields nobody asked for, by JSON pointer. */
  rest(): Record<string, Json> {
    const rest: Record<string, Json> = {};
    for (const [key, value] of Object.entries(this.#source)) {
      if (!this.#used.has(key) && value !== null) rest[this.pointerTo(key)] = value;
    }
    return rest;
  }

  /** JSON pointer of one of the object's fields. */
  pointerTo(key: string): string {
    return `${this.#base}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  }

  #wrong(key: string, value: Json | undefined, wanted: string): undefined {
    if (value === undefined) return undefined;
    const at = this.pointerTo(key);
    this.#fault ??= invalidField(at, `must be ${wanted}`);
    return undefined;
  }
}

/** Is it a JSON object (not null, not an array)? */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A clear `invalid_request` for one field. */
export function invalidField(pointer: string, problem: string): Fault {
  return new Fault('invalid_request', { message: `${pointer.slice(1) || 'body'}: ${problem}`, param: pointer });
}
