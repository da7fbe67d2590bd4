import { isJsonObject } from '../../domain/json/is-json-object.ts';
import type { AnsweredCall, Grade, Grader } from './grader.ts';
import { fail, pass, quoted } from './grader.ts';

type Allowed = { readonly [argument: string]: readonly unknown[] };
interface PossibleCall {
  readonly name: string;
  readonly allowed: Allowed;
}

const maxCalls = 64;

/**
 * `{"calls": [{"name": {"argument": [allowed values]}}]}`, the form of the Berkeley function-calling leaderboard. Any
 * allowed value is right, `""` among them means that the argument may be left out, several calls may come in any
 * order, and an empty list means that not to call is right. Texts are compared without case, blanks and punctuation.
 */
export const toolCallGrader: Grader = {
  name: 'tool-call',
  version: '1',
  refuses({ calls }) {
    if (!Array.isArray(calls)) return 'needs "calls": a list of {"name": {"argument": [allowed values]}}; empty: none';
    if (calls.length > maxCalls) return `"calls" has more than ${maxCalls} entries`;
    return calls.every((one) => readPossible(one) !== undefined)
      ? undefined
      : 'each of "calls" is one name with, for each argument, the list of its allowed values';
  },
  grade({ calls: given = [] }, { calls }) {
    const wanted = (Array.isArray(calls) ? calls : []).flatMap((one) => readPossible(one) ?? []);
    if (wanted.length === 0) {
      return given.length === 0
        ? pass('no tool was called, rightly')
        : fail(`${quoted(given[0]?.name ?? '')} was called, and none was needed`);
    }
    if (given.length !== wanted.length) return fail(`${given.length} calls instead of ${wanted.length}`);
    return matchAll(given, wanted);
  },
};

/** Each wanted call takes the first given one that is left and fits; calls that differ fit at most one of them. */
function matchAll(given: readonly AnsweredCall[], wanted: readonly PossibleCall[]): Grade {
  const fits = wanted.map((possible) => given.map((call) => problemOf(call, possible)));
  const takenBy = new Map<number, number>();
  for (const at of wanted.keys()) {
    if (place(at, fits, { takenBy, tried: new Set() })) continue;
    // The call that fits nothing is the one to be told of.
    const strange = given.findIndex((_, call) => fits.every((row) => row[call] !== undefined));
    const why = fits[at]?.[strange] ?? fits[at]?.find((problem) => problem !== undefined);
    return fail(`${wanted[at]?.name}: ${why ?? 'no call is left for it'}`);
  }
  return pass(wanted.length === 1 ? 'the call is right' : `all ${wanted.length} calls are right`);
}

/** One step of bipartite matching: greedy assignment may fail where another assignment fits. */
function place(
  at: number,
  fits: readonly (readonly (string | undefined)[])[],
  state: { readonly takenBy: Map<number, number>; readonly tried: Set<number> },
): boolean {
  for (const [call, problem] of (fits[at] ?? []).entries()) {
    if (problem !== undefined || state.tried.has(call)) continue;
    state.tried.add(call);
    const holder = state.takenBy.get(call);
    if (holder === undefined || place(holder, fits, state)) {
      state.takenBy.set(call, at);
      return true;
    }
  }
  return false;
}

function problemOf(call: AnsweredCall, { name, allowed }: PossibleCall): string | undefined {
  // Some hosts forbid dots in names of tools and get underscores.
  if (call.name !== name && call.name !== name.replaceAll('.', '_')) return `${quoted(call.name)} was called`;
  const given = readArguments(call.arguments);
  if (given === undefined) return 'the arguments are no JSON object';
  for (const [argument, values] of Object.entries(allowed)) {
    const value = given[argument];
    if (value === undefined) {
      // An empty list allows no value: leaving it out is then the only way, besides an empty one.
      if (values.length > 0 && !values.includes('')) return `${argument} is missing`;
    } else if (!values.some((one) => isSame(value, one)) && !(values.length === 0 && isEmpty(value))) {
      return `${argument} is ${quoted(JSON.stringify(value))}, not ${values.map((one) => quoted(JSON.stringify(one))).join(' or ')}`;
    }
  }
  const surplus = Object.keys(given).find((argument) => !Object.hasOwn(allowed, argument));
  return surplus === undefined ? undefined : `${surplus} is no argument here`;
}

/** Allowed objects hold, for each of their fields, again the list of allowed values. */
function isSame(given: unknown, allowed: unknown): boolean {
  if (typeof given === 'string' && typeof allowed === 'string') return plain(given) === plain(allowed);
  if (Array.isArray(given) && Array.isArray(allowed)) {
    return given.length === allowed.length && given.every((one, at) => isSame(one, allowed[at]));
  }
  if (isJsonObject(given) && isJsonObject(allowed)) {
    const keys = new Set([...Object.keys(given), ...Object.keys(allowed)]);
    return [...keys].every((key) => isSameField(given[key], allowed[key]));
  }
  return given === allowed;
}

function isSameField(given: unknown, allowed: unknown): boolean {
  if (allowed === undefined) return false;
  const options: readonly unknown[] = Array.isArray(allowed) ? allowed : [allowed];
  if (given === undefined) return options.includes('');
  return options.some((one) => isSame(given, one)) || isSame(given, allowed);
}

function isEmpty(value: unknown): boolean {
  return value === '' || value === null || (Array.isArray(value) && value.length === 0);
}

function plain(text: string): string {
  return text
    .replace(/[ ,./\-_*^]/g, '')
    .toLowerCase()
    .replaceAll("'", '"');
}

function readPossible(value: unknown): PossibleCall | undefined {
  if (!isJsonObject(value)) return undefined;
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0) return undefined;
  const [name, allowed] = entry;
  if (!isJsonObject(allowed) || !Object.values(allowed).every((one) => Array.isArray(one))) return undefined;
  return { name, allowed: allowed as Allowed };
}

function readArguments(text: string): { readonly [name: string]: unknown } | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    // Arguments that cannot be read are wrong ones.
    return undefined;
  }
}
