import type { JsonObject } from '../../domain/calls/model-call.ts';
import { type Expectation, fail, type Grade, type Grader, pass, unknown } from './grader.ts';
import { formatInstructions } from './instructions/format-instructions.ts';
import { frameInstructions } from './instructions/frame-instructions.ts';
import type { Instruction } from './instructions/instruction.ts';
import { keywordInstructions } from './instructions/keyword-instructions.ts';
import { languageInstructions } from './instructions/language-instructions.ts';
import { lengthInstructions } from './instructions/length-instructions.ts';

const known: ReadonlyMap<string, Instruction> = new Map(
  [
    ...keywordInstructions,
    ...lengthInstructions,
    ...formatInstructions,
    ...frameInstructions,
    ...languageInstructions,
  ].map((one) => [one.id, one]),
);
const maxInstructions = 20;

/** Which instructions can be checked. */
export const instructionIds: readonly string[] = [...known.keys()];

/** Verdict on each instruction, in the order given; undefined where nothing can be said. */
export interface InstructionVerdicts {
  readonly strict: readonly (boolean | undefined)[];
  readonly loose: readonly (boolean | undefined)[];
}

/**
 * `{"instructions": [{"id": "punctuation:no_comma", "kwargs": {}}], "loose": false}`: verifiable instructions in the
 * manner of IFEval. Right is an answer that follows all of them; loose overlooks a first or last line and asterisks.
 */
export const instructionsGrader: Grader = {
  name: 'instructions',
  version: '1',
  refuses(expected) {
    const asked = readInstructions(expected);
    if (asked.length === 0 || asked.length > maxInstructions)
      return `needs "instructions": 1 to ${maxInstructions} of {"id", "kwargs"}`;
    const strange = asked.find(({ id }) => !known.has(id));
    return strange && `there is no check of "${strange.id}"; known are ${instructionIds.join(', ')}`;
  },
  grade({ text }, expected): Grade {
    const asked = readInstructions(expected);
    const verdicts = checkInstructions(text, asked);
    const chosen = expected['loose'] === true ? verdicts.loose : verdicts.strict;
    const broken = asked.filter((_, at) => chosen[at] === false).map(({ id }) => `does not follow ${id}`);
    if (broken.length > 0) return fail(...broken);
    return chosen.includes(undefined) ? unknown('an instruction cannot be checked') : pass('follows all instructions');
  },
};

/** Checks an answer both ways. An empty answer follows nothing. */
export function checkInstructions(
  text: string,
  asked: readonly { readonly id: string; readonly kwargs: JsonObject }[],
): InstructionVerdicts {
  const follows = (variant: string, { id, kwargs }: (typeof asked)[number]): boolean | undefined =>
    variant.trim() === '' ? false : known.get(plainId(id))?.follows(variant, kwargs);
  const variants = looseVariants(text);
  return {
    strict: asked.map((one) => follows(text, one)),
    loose: asked.map((one) => {
      const all = variants.map((variant) => follows(variant, one));
      return all.includes(true) || (all.includes(undefined) ? undefined : false);
    }),
  };
}

/** With and without the first line, the last line, both, and asterisks. */
function looseVariants(text: string): readonly string[] {
  const lines = text.split('\n');
  const cut = [lines, lines.slice(1), lines.slice(0, -1), lines.slice(1, -1)].map((one) => one.join('\n'));
  const whole = [text, ...cut.slice(1).map((one) => one.trim())];
  return [...whole, ...whole.map((one) => one.replaceAll('*', ''))];
}

function readInstructions(expected: Expectation): readonly { readonly id: string; readonly kwargs: JsonObject }[] {
  const { instructions } = expected;
  if (!Array.isArray(instructions)) return [];
  return instructions.flatMap((one) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return [];
    const { id, kwargs = {} } = one as JsonObject;
    const isObject = typeof kwargs === 'object' && kwargs !== null && !Array.isArray(kwargs);
    return typeof id === 'string' && isObject ? [{ id: plainId(id), kwargs: kwargs as JsonObject }] : [];
  });
}

/** Some data sets put the language of the prompt in front. */
function plainId(id: string): string {
  return id.replace(/^[a-z]{2}:/, '');
}
