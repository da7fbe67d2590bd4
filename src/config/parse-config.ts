import { type Document, isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { isJsonObject } from '../domain/json/is-json-object.ts';
import { type ConfigProblem, formatPath } from './config-problem.ts';
import { type Config, configSchema } from './schema.ts';

/** A parsed configuration, or everything that is wrong with it. */
export type ParsedConfig =
  | { readonly config: Config; readonly problems: readonly []; readonly locate: Locate }
  | { readonly config: undefined; readonly problems: readonly ConfigProblem[]; readonly locate: Locate };

/** Finds line and column of a path; of its nearest parent when the path itself is absent. */
export type Locate = (path: readonly PropertyKey[]) => { line: number; column: number };

/** Parses and validates the text of `switchyard.yaml`; unknown keys are errors. */
export function parseConfig(text: string): ParsedConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true });
  const locate = locator(document, lines);
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { line, column: col, path: '', message: error.message.split('\n')[0] ?? 'not YAML' };
    });
    return { config: undefined, problems, locate };
  }
  const unusable = findUnusableNames(document, lines);
  if (unusable.length > 0) return { config: undefined, problems: unusable, locate };
  keepPriceText(document);
  const plain = toPlain(document);
  if ('problem' in plain) {
    return { config: undefined, problems: [{ line: 1, column: 1, path: '', message: plain.problem }], locate };
  }
  const result = configSchema.safeParse(withoutBlankSections(plain.value ?? {}));
  if (result.success) return { config: result.data, problems: [], locate };
  return { config: undefined, problems: result.error.issues.flatMap((issue) => toProblems(issue, locate)), locate };
}

/** A name that validation would pass over in silence: what is set under it would not be there. */
function findUnusableNames(document: Document, lines: LineCounter): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key) || key.value !== '__proto__') return;
      const { line, col } = lines.linePos(key.range?.[0] ?? 0);
      problems.push({ line, column: col, path: '__proto__', message: 'cannot be a name' });
    },
  });
  return problems;
}

/** A section whose lines are all commented out is as if it were not there. */
function withoutBlankSections(value: unknown): unknown {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([name, section]) => section !== null || !Object.hasOwn(configSchema.shape, name)),
  );
}

/** Anchors that repeat each other without end, or name nothing, are found only here. */
function toPlain(document: Document): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: document.toJS() };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Settings whose numbers are prices, amounts and counts of money. */
const moneySettings: readonly unknown[] = [
  'price',
  'compute',
  'ratio',
  'plans',
  'limitUsd',
  'lowUsd',
  'midUsd',
  'highUsd',
  'secondUsd',
  'usdPerDay',
  'inputUsdPerMillion',
  'outputUsdPerMillion',
];

/** Prices are read from the scalar's source text: 0.1 must not become a float on its way to an integer. */
function keepPriceText(document: Document): void {
  visit(document, {
    Scalar(key, scalar, ancestors) {
      const isMoney = ancestors.some(
        (node) => isPair(node) && isScalar(node.key) && moneySettings.includes(node.key.value),
      );
      if (key !== 'key' && isMoney && scalar.source !== undefined) scalar.value = scalar.source;
    },
  });
}

function toProblems(issue: z.core.$ZodIssue, locate: Locate): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { ...locate(path), path: formatPath(path), message: 'unknown setting; check the spelling or remove it' };
    });
  }
  const { message } = (issue.code === 'invalid_key' ? issue.issues[0] : undefined) ?? issue;
  const isBlank = issue.code === 'invalid_type' && message.endsWith('received null');
  const told = isBlank ? 'is blank: give it a value, or remove it' : message;
  return [{ ...locate(issue.path), path: formatPath(issue.path), message: told }];
}

function locator(document: Document, lines: LineCounter): Locate {
  return (path) => {
    for (let depth = path.length; depth >= 0; depth--) {
      const offset = offsetOf(document, path.slice(0, depth));
      if (offset === undefined) continue;
      const { line, col } = lines.linePos(offset);
      return { line, column: col };
    }
    return { line: 1, column: 1 };
  };
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  const node: unknown = document.getIn(path, true);
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  const range: unknown = node.range;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined;
}
