import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunLanguage } from '../../src/runtime/contract.ts';
import { readEvalRows } from './eval-data.ts';

/** A task with a solution that is known to be right. */
export interface SolvedTask {
  readonly id: string;
  readonly language: RunLanguage;
  readonly prompt: string;
  readonly entryPoint: string;
  /** Follows the prompt. */
  readonly solution: string;
  readonly tests: string;
}

interface Row {
  readonly task_id: string;
  readonly prompt: string;
  readonly entry_point: string;
  readonly canonical_solution: string | null;
  readonly test: string;
}

/** HumanEval in Python: its solutions come with it. */
export function humanEvalPython(): readonly SolvedTask[] {
  return readEvalRows<Row>('HumanEval.jsonl.gz').map((row) => ({
    id: row.task_id,
    language: 'python',
    prompt: row.prompt,
    entryPoint: row.entry_point,
    solution: row.canonical_solution ?? '',
    tests: `${row.test}\ncheck(${row.entry_point})\n`,
  }));
}

/** HumanEval-XL, as far as we wrote solutions for it. */
export function humanEvalScripts(language: 'javascript' | 'typescript'): readonly SolvedTask[] {
  const bodies = readBodies(language);
  return readEvalRows<Row>(`humaneval_xl/${language}.en.jsonl`).flatMap((row) => {
    const body = bodies.get(row.task_id.slice(language.length + 1));
    if (body === undefined) return [];
    const { task_id: id, prompt, entry_point: entryPoint, test } = row;
    return [{ id, language, prompt, entryPoint, solution: body, tests: `}\n${test}` }];
  });
}

/** The whole program of an answer, ready to run. */
export function programOf({ prompt, tests }: SolvedTask, solution: string): string {
  return `${prompt}${solution}\n${tests}`;
}

function readBodies(language: string): ReadonlyMap<string, string> {
  const file = fileURLToPath(new URL(`human-eval-solutions/${language}.txt`, import.meta.url));
  const [, ...sections] = readFileSync(file, 'utf8').split(/^### /m);
  return new Map(
    sections.map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end).trim(), section.slice(end + 1).trimEnd()];
    }),
  );
}
