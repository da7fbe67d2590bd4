import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { FieldReader } from '../shared/field-reader.ts';

/** Reads a Gemini object by camelCase names and takes snake_case for the same field, as the API itself does. */
export class GeminiReader extends FieldReader {
  readonly #fields: JsonObject;

  constructor(source: JsonObject, base = '') {
    super(source, base);
    this.#fields = source;
  }

  override any(key: string, field?: string): Json | undefined {
    return super.any(spelledAs(this.#fields, key), field);
  }
}

/** A field by its camelCase name in either spelling; null counts as absent. */
export function fieldOf(source: JsonObject, name: string): Json | undefined {
  return source[spelledAs(source, name)] ?? undefined;
}

function spelledAs(source: JsonObject, name: string): string {
  if (source[name] !== undefined) return name;
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return source[snake] === undefined ? name : snake;
}
