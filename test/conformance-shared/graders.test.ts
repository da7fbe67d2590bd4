import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/calls/model-call.ts';
import { mcnemarTest } from '../../src/domain/statistics/mcnemar.ts';
import { wilsonInterval } from '../../src/domain/statistics/wilson.ts';
import { checkInstructions } from '../../src/evals/graders/instructions.ts';
import { numericGrader } from '../../src/evals/graders/numeric.ts';
import { toolCallGrader } from '../../src/evals/graders/tool-call.ts';
import type { AnsweredCall, Grade } from '../../src/evals/graders/grader.ts';
import { readEvalRows } from './eval-data.ts';

interface Solution {
  readonly solution: string;
  readonly is_correct: boolean;
}
type SolvedRow = { readonly ground_truth: string } & { readonly [Model in SolverName]: Solution };
const solvers = ['6b_finetuning', '6b_verification', '175b_finetuning', '175b_verification'] as const;
type SolverName = (typeof solvers)[number];

describe('GSM8K', () => {
  const rows = readEvalRows<SolvedRow>('gsm8k_example_model_solutions.jsonl.gz');
  const graded = new Map(
    solvers.map((solver) => [solver, rows.map((row) => isRight(row[solver].solution, row.ground_truth))]),
  );

  function isRight(solution: string, truth: string): boolean {
    const numeric = /A: (.*)$/.exec(truth.trim())?.[1] ?? '';
    const expected = { numeric, marker: 'A:' };
    if (numericGrader.refuses(expected) !== undefined) throw new Error(`${truth} has no number`);
    return (numericGrader.grade({ text: solution }, expected) as Grade).verdict === 'pass';
  }

  it('is graded as recorded on all 5,276 answers', () => {
    expect(rows).toHaveLength(1319);
    for (const solver of solvers) {
      expect([solver, graded.get(solver)]).toEqual([solver, rows.map((row) => row[solver].is_correct)]);
    }
  });

  it('[proof 2] ranks its four models as known, with their intervals', () => {
    const counts = solvers.map((solver) => graded.get(solver)?.filter(Boolean).length ?? 0);
    expect(counts).toEqual([286, 515, 458, 742]);
    const intervals = counts.map((right) => wilsonInterval(right, 1319)?.map((one) => one.toFixed(3)));
    expect(intervals).toEqual([
      ['0.195', '0.240'],
      ['0.364', '0.417'],
      ['0.322', '0.373'],
      ['0.536', '0.589'],
    ]);
  });

  it('[proof 3] decides paired what overlapping intervals leave open', () => {
    const [one, other] = [graded.get('6b_verification') ?? [], graded.get('175b_finetuning') ?? []];
    const wins = one.filter((right, at) => right && other[at] === false).length;
    const losses = one.filter((right, at) => !right && other[at] === true).length;
    expect([wins, losses]).toEqual([209, 152]);
    expect(mcnemarTest(wins, losses)).toBeCloseTo(0.0032, 4);
  });
});

interface InstructionRow {
  readonly key: number;
  readonly instruction_id_list: readonly string[];
  readonly kwargs: readonly JsonObject[];
}
interface AnswerRow {
  readonly key: number;
  readonly response: string;
  readonly strict: readonly (boolean | null)[];
  readonly loose: readonly (boolean | null)[];
}

describe('IFEval', () => {
  const prompts = new Map(readEvalRows<InstructionRow>('ifeval/input.jsonl').map((row) => [row.key, row]));
  /** Its letter is a sign, which the recorded grader replaces by a random letter: its two verdicts contradict. */
  const randomKey = 1122;

  function check(file: string) {
    return readEvalRows<AnswerRow>(file).map((row) => {
      const prompt = prompts.get(row.key);
      if (!prompt) throw new Error(`there is no prompt ${row.key}`);
      const asked = prompt.instruction_id_list.map((id, at) => ({ id, kwargs: prompt.kwargs[at] ?? {} }));
      return { row, ids: prompt.instruction_id_list, ours: checkInstructions(row.response, asked) };
    });
  }

  it('[proof 12] is graded as recorded: 697 of 832 instructions and 417 of 540 prompts, loose 712 and 430', () => {
    const checked = check('ifeval/gpt4_responses_graded.jsonl.gz');
    expect(checked).toHaveLength(540);
    const differences: string[] = [];
    const unsaid: string[] = [];
    const sums = { strict: 0, loose: 0, strictPrompts: 0, loosePrompts: 0 };
    for (const { row, ids, ours } of checked) {
      const isRandom = row.key === randomKey;
      const loose = isRandom ? row.loose : ours.loose;
      sums.strict += ours.strict.filter(Boolean).length;
      sums.loose += loose.filter(Boolean).length;
      sums.strictPrompts += ours.strict.every(Boolean) ? 1 : 0;
      sums.loosePrompts += loose.every(Boolean) ? 1 : 0;
      ids.forEach((id, at) => {
        if (ours.strict[at] === undefined) return unsaid.push(`${row.key} ${id}`);
        const isSame = ours.strict[at] === row.strict[at] && loose[at] === row.loose[at];
        return isSame ? 0 : differences.push(`${row.key} ${id}`);
      });
    }
    expect(differences).toEqual([]);
    // One word or a list of names: in no language for certain, so nothing is said of it.
    expect(unsaid).toHaveLength(4);
    expect(sums).toEqual({ strict: 697, loose: 712, strictPrompts: 417, loosePrompts: 430 });
  });

  it('is graded as recorded on a second model too', () => {
    const checked = check('ifeval/text_bison_responses_graded.jsonl.gz');
    expect(checked).toHaveLength(157);
    let compared = 0;
    for (const { row, ids, ours } of checked) {
      ids.forEach((id, at) => {
        if (row.strict[at] === null) return;
        compared += 1;
        expect([row.key, id, ours.strict[at], ours.loose[at]]).toEqual([row.key, id, row.strict[at], row.loose[at]]);
      });
    }
    expect(compared).toBeGreaterThan(150);
  });
});

interface FunctionRow {
  readonly id: string;
}
interface PossibleRow extends FunctionRow {
  readonly ground_truth: readonly { readonly [name: string]: { readonly [argument: string]: readonly unknown[] } }[];
}

describe('BFCL', () => {
  const sets = ['live_simple', 'multiple', 'parallel', 'parallel_multiple', 'simple_javascript', 'simple_python'];

  /** Objects among allowed values list, for each of their fields, the allowed values again. */
  function pick(value: unknown, choice: number): unknown {
    if (Array.isArray(value)) return value.map((one) => pick(one, choice));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, options]) => {
        const chosen: unknown = Array.isArray(options) ? options[Math.min(choice, options.length - 1)] : options;
        return chosen === '' ? [] : [[key, pick(chosen, choice)]];
      }),
    );
  }

  function callsOf(row: PossibleRow, choice: number): AnsweredCall[] {
    return row.ground_truth.map((call) => {
      const [name = '', allowed = {}] = Object.entries(call)[0] ?? [];
      const given = Object.entries(allowed).flatMap(([argument, values]) => {
        const value = values[Math.min(choice, values.length - 1)];
        return value === '' ? [] : [[argument, pick(value, choice)]];
      });
      return { name, arguments: JSON.stringify(Object.fromEntries(given)) };
    });
  }

  it('[proof 13] finds every possible answer right, in any order, and others wrong', () => {
    let graded = 0;
    const wrong: string[] = [];
    for (const set of sets) {
      for (const row of readEvalRows<PossibleRow>(`bfcl_v4/possible_answer/BFCL_v4_${set}.json`)) {
        const expected = { calls: row.ground_truth } as unknown as JsonObject;
        expect([row.id, toolCallGrader.refuses(expected)]).toEqual([row.id, undefined]);
        for (const choice of [0, 1, 2]) {
          const calls = callsOf(row, choice).toReversed();
          const grade = toolCallGrader.grade({ text: '', calls }, expected) as Grade;
          if (grade.verdict !== 'pass') wrong.push(`${row.id} ${choice}: ${grade.reasons.join()}`);
          graded += 1;
        }
        const [first] = callsOf(row, 0);
        const renamed = first && { ...first, name: `${first.name}_other` };
        const bad = toolCallGrader.grade({ text: '', calls: renamed ? [renamed] : [] }, expected) as Grade;
        expect([row.id, bad.verdict]).toEqual([row.id, 'fail']);
        expect((toolCallGrader.grade({ text: 'none' }, expected) as Grade).verdict).toBe('fail');
      }
    }
    expect(wrong).toEqual([]);
    expect(graded).toBe(3 * 1308);
  });

  it('[proof 13] finds any call wrong where none is needed', () => {
    const rows = readEvalRows<FunctionRow>('bfcl_v4/BFCL_v4_irrelevance.json');
    expect(rows).toHaveLength(240);
    const call = { name: 'anything', arguments: '{}' };
    expect((toolCallGrader.grade({ text: '', calls: [call] }, { calls: [] }) as Grade).verdict).toBe('fail');
    expect((toolCallGrader.grade({ text: 'I cannot.' }, { calls: [] }) as Grade).verdict).toBe('pass');
  });
});
