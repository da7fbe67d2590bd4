import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { fieldOf } from './gemini-reader.ts';
import { stringifyExact } from '../shared/exact-json.ts';

type Step = string | number;
type Container = Record<string, unknown> | unknown[];

/** Largest array index an upstream may address: a stray index must not allocate a giant array. */
const maxArrayIndex = 10_000;
const maxDepth = 128;
const stepPattern = /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/gy;

/** Assembles the arguments of one function call from pieces addressed by JSON path. */
export class PartialArguments {
  readonly #root: Record<string, unknown> = Object.create(null);

  /** Takes complete arguments, sent at once instead of in pieces. */
  assign(args: JsonObject): void {
    for (const [key, value] of Object.entries(args)) this.#root[key] = value;
  }

  /** Takes one piece: strings grow, other values are set. Throws when the path makes no sense. */
  add(piece: JsonObject): void {
    const path = fieldOf(piece, 'jsonPath');
    const value = valueOf(piece);
    if (typeof path !== 'string' || value === undefined) return;
    const steps = parsePath(path);
    const last = steps.at(-1);
    if (last === undefined) return;
    let container: Container = this.#root;
    for (const [at, step] of steps.slice(0, -1).entries()) {
      container = childOf(container, step, typeof steps[at + 1] === 'number');
    }
    const before = read(container, last);
    write(container, last, typeof before === 'string' && typeof value === 'string' ? before + value : value);
  }

  /** JSON text of what has arrived; always a valid object. */
  toJson(): string {
    return stringifyExact(this.#root);
  }
}

function valueOf(piece: JsonObject): Json | undefined {
  for (const name of ['stringValue', 'numberValue', 'boolValue']) {
    const value = fieldOf(piece, name);
    if (value !== undefined) return value;
  }
  return 'nullValue' in piece || 'null_value' in piece ? null : undefined;
}

function parsePath(path: string): Step[] {
  const steps: Step[] = [];
  let at = path.startsWith('$') ? 1 : 0;
  const text = at === 0 && !/^[.[]/.test(path) ? `.${path}` : path;
  while (at < text.length) {
    stepPattern.lastIndex = at;
    const match = stepPattern.exec(text);
    if (!match || steps.length >= maxDepth) throw new Error('unreadable JSON path of a function argument');
    const [whole, name, index, single, double] = match;
    steps.push(index === undefined ? (name ?? unescape(single ?? double ?? '')) : arrayIndex(index));
    at += whole.length;
  }
  return steps;
}

function arrayIndex(digits: string): number {
  const index = Number(digits);
  if (index > maxArrayIndex) throw new Error('array index of a function argument is too large');
  return index;
}

function unescape(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, code: string) => {
    if (code.length === 5) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }[code] ?? code;
  });
}

function childOf(container: Container, step: Step, asArray: boolean): Container {
  const known = read(container, step);
  if (Array.isArray(known) || isObject(known)) return known as Container;
  const created: Container = asArray ? [] : Object.create(null);
  write(container, step, created);
  return created;
}

function read(container: Container, step: Step): unknown {
  return Array.isArray(container) ? container[Number(step)] : container[step];
}

function write(container: Container, step: Step, value: unknown): void {
  if (!Array.isArray(container)) container[step] = value;
  else if (typeof step === 'number') container[step] = value;
  else throw new Error('a function argument names a field of an array');
}
