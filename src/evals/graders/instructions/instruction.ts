import type { JsonObject } from '../../../domain/calls/model-call.ts';

/** One kind of instruction: does a text follow it? */
export interface Instruction {
  readonly id: string;
  /** Why it cannot be checked with these arguments; undefined when it can. */
  refuses?(kwargs: JsonObject): string | undefined;
  /** Undefined when nothing certain can be said of this text. */
  follows(text: string, kwargs: JsonObject): boolean | undefined;
}

/** A whole number among the arguments; NaN, and so never satisfied, when there is none. */
export function numberIn(kwargs: JsonObject, name: string): number {
  const value = kwargs[name];
  return typeof value === 'number' ? value : Number.NaN;
}

/** A text among the arguments. */
export function textIn(kwargs: JsonObject, name: string): string {
  const value = kwargs[name];
  return typeof value === 'string' ? value : '';
}

/** A list of texts among the arguments. */
export function textsIn(kwargs: JsonObject, name: string): readonly string[] {
  const value = kwargs[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** `less than N`, else `at least N`. */
export function related(count: number, relation: string, wanted: number): boolean {
  return relation === 'less than' ? count < wanted : count >= wanted;
}
