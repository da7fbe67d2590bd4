import { Fault } from '../../domain/faults/fault.ts';
import { type Receipt, type RunLanguage, runLanguages, type Runner } from '../contract.ts';

/** A program with tests that say by their exit whether it is right. */
export interface Program {
  readonly language: string;
  readonly program: string;
  readonly tests: string;
  readonly timeoutMs: number;
}

/** What running it came to. `broken`: the sandbox failed, which says nothing about the program. */
export type ProgramResult =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'broken'; readonly reason: string };

/** Runs programs with their tests; what grades answers by executing them is built on it. */
export interface ProgramRunner {
  readonly languages: readonly string[];
  run(program: Program): Promise<ProgramResult>;
}

const fileNames: Readonly<Record<RunLanguage, string>> = {
  python: 'main.py',
  javascript: 'main.js',
  typescript: 'main.ts',
  shell: 'main.sh',
};
/** Of what a failing program said, its end tells most. */
const keptText = 500;

/** Makes a runner of programs from one of runs: program and tests are one file, in a sandbox of their own. */
export function createProgramRunner(runner: Runner): ProgramRunner {
  return {
    languages: runLanguages,
    async run({ language, program, tests, timeoutMs }) {
      const known = runLanguages.find((one) => one === language);
      if (known === undefined) return { kind: 'broken', reason: `no sandbox runs ${language}` };
      const bytes = Buffer.from(`${program}\n${tests}\n`);
      try {
        const running = await runner.run({
          language: known,
          files: [{ path: fileNames[known], bytes }],
          limits: { cpuMs: timeoutMs, wallMs: timeoutMs },
        });
        let said = '';
        for await (const event of running.events()) {
          if (event.type === 'stderr') said = `${said}${Buffer.from(event.bytes).toString('utf8')}`.slice(-keptText);
          if (event.type === 'receipt') return resultOf(event.receipt, said.trim());
        }
        return { kind: 'broken', reason: 'the run ended without a receipt' };
      } catch (error) {
        return { kind: 'broken', reason: Fault.is(error) ? error.message : 'the sandbox broke' };
      }
    },
  };
}

function resultOf({ status, limitsHit, exit }: Receipt, said: string): ProgramResult {
  if (status === 'succeeded') return { kind: 'passed' };
  if (status === 'broken' || status === 'cancelled') return { kind: 'broken', reason: said === '' ? status : said };
  const limits = limitsHit.map(({ name, allowed, observed }) => `${name} limit: ${observed} of ${allowed}`);
  const end = exit.signal ?? `exit ${exit.code}`;
  return { kind: 'failed', reason: [...limits, said === '' ? end : said].join('; ') };
}
