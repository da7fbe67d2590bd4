import { isNecessaryOnly, isOutcomeKind, outcomeWeight, standingOutcomes } from './outcome.ts';
import type { OutcomeFact } from '../facts/facts.ts';
import { parseRule, type RuleNode } from './success-rule-parser.ts';

/** What a rule says of an exchange; `unknown` is no failure. */
export type Success = 1 | 0 | 'unknown';

/** A rule as its job states it, read. */
export interface SuccessRule {
  readonly text: string;
  /** Changes with the text: figures under another rule are another series. */
  readonly version: string;
  /** Kinds that it looks at. */
  readonly kinds: readonly string[];
  judge(outcomes: readonly OutcomeFact[]): Success;
}

/** Why a text is no rule, with where. */
export interface RuleProblem {
  readonly problem: string;
  /** 0-based. */
  readonly at: number;
}

const maxLength = 500;

/**
 * Reads a success rule: kinds of outcomes with fields, comparisons, `&&`, `||`, `!` and parentheses.
 *
 * - `test.pass`, `test.fail`: the latest standing outcome of the kind says right (value 1), or less;
 * - `score`, `score.value`: its value, to be compared; alone it means full marks;
 * - `label == "kept"`, `amount > 0.5` (USD), `minutesSaved >= 2`;
 * - `behaviour.regenerate`: there is such an outcome. Its absence is an answer, since nobody reports what did not happen.
 *
 * Everything else that is missing makes a part unknown; `false && unknown` is still false, `true || unknown` true.
 *
 * @example
 * readSuccessRule('test.pass && !behaviour.regenerate')
 */
export function readSuccessRule(text: string): SuccessRule | RuleProblem {
  if (text.trim() === '') return { problem: 'a success rule is empty', at: 0 };
  if (text.length > maxLength) return { problem: `a success rule has at most ${maxLength} characters`, at: maxLength };
  const root = parseRule(text);
  if ('problem' in root) return root;
  return {
    text,
    version: versionOf(text),
    kinds: [...new Set(kindsOf(root))],
    judge(outcomes) {
      const standing = standingOutcomes(outcomes);
      // Nothing was told at all: not even the absence of a signal says anything.
      if (standing.length === 0) return 'unknown';
      const value = judge(root, standing);
      if (value === undefined) return 'unknown';
      return value ? 1 : 0;
    },
  };
}

/** Tells a problem from a rule. */
export function isRuleProblem(read: SuccessRule | RuleProblem): read is RuleProblem {
  return 'problem' in read;
}

/** The rule of jobs that state none: the strongest evidence is at least half right. */
export const defaultSuccessRule = 'verdict >= 0.5';

function judge(node: RuleNode, outcomes: readonly OutcomeFact[]): boolean | undefined {
  switch (node.type) {
    case 'not': {
      const value = judge(node.of, outcomes);
      return value === undefined ? undefined : !value;
    }
    case 'and':
    case 'or':
      return join(node, judge(node.left, outcomes), judge(node.right, outcomes));
    case 'behaviour':
      return outcomes.some(({ kind }) => kind === node.kind);
    case 'compare':
      return compare(node, outcomes);
  }
}

/** Three-valued: the known side decides when it can. */
function join({ type }: RuleNode, left: boolean | undefined, right: boolean | undefined): boolean | undefined {
  const deciding = type === 'or';
  if (left === deciding || right === deciding) return deciding;
  return left === undefined || right === undefined ? undefined : !deciding;
}

function compare(node: Extract<RuleNode, { type: 'compare' }>, outcomes: readonly OutcomeFact[]): boolean | undefined {
  const found = node.kind === 'verdict' ? strongest(outcomes) : latest(node, outcomes);
  const known = found && fieldOf(found, node.field);
  if (known === undefined) return undefined;
  const { wanted } = node;
  switch (node.operator) {
    case '==':
      return known === wanted;
    case '!=':
      return known !== wanted;
    case '>=':
      return known >= wanted;
    case '>':
      return known > wanted;
    case '<=':
      return known <= wanted;
    case '<':
      return known < wanted;
  }
}

/** The last one told that has the field; `pass` and `fail` are two words for one kind of evidence. */
function latest(
  { kind, field }: Extract<RuleNode, { type: 'compare' }>,
  outcomes: readonly OutcomeFact[],
): OutcomeFact | undefined {
  const isOfKind = (one: OutcomeFact): boolean =>
    kind === 'pass' || kind === 'fail' ? one.kind === 'pass' || one.kind === 'fail' : one.kind === kind;
  return outcomes.findLast((one) => isOfKind(one) && fieldOf(one, field) !== undefined);
}

function strongest(outcomes: readonly OutcomeFact[]): OutcomeFact | undefined {
  let best: OutcomeFact | undefined;
  for (const one of outcomes) {
    if (one.value === undefined || outcomeWeight(one) === 0) continue;
    // A kept form is necessary and proves nothing; only a broken one decides.
    if (isNecessaryOnly(one.kind) && one.value > 0) continue;
    if (best === undefined || outcomeWeight(one) >= outcomeWeight(best)) best = one;
  }
  return best;
}

function fieldOf(
  outcome: OutcomeFact,
  field: Extract<RuleNode, { type: 'compare' }>['field'],
): number | string | undefined {
  if (field === 'amount') return outcome.amountNanos === undefined ? undefined : Number(outcome.amountNanos) / 1e9;
  return outcome[field];
}

function* kindsOf(node: RuleNode): Generator<string> {
  switch (node.type) {
    case 'not':
      return yield* kindsOf(node.of);
    case 'and':
    case 'or':
      yield* kindsOf(node.left);
      return yield* kindsOf(node.right);
    case 'behaviour':
      return yield node.kind;
    case 'compare':
      if (node.kind !== 'verdict') yield node.kind;
  }
}

/** FNV-1a of the text without its spaces: short, stable, and nobody's secret. */
function versionOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const character of text.replace(/\s+/g, '')) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return `rule-${hash.toString(16).padStart(8, '0')}`;
}

/** Kinds that a rule names and that nothing of ours ever tells: likely a typing error, worth a warning. */
export function unusualKinds(rule: SuccessRule): readonly string[] {
  return rule.kinds.filter((kind) => !isOutcomeKind(kind));
}
