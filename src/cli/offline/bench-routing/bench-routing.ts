import { writeFile } from 'node:fs/promises';
import { systemClock } from '../../../platform/clock.ts';
import { alignRows } from '../../shell/align-rows.ts';
import { exitCodes, usageError } from '../../shell/cli-error.ts';
import { readVersion } from '../../shell/read-version.ts';
import { type Terminal, writeLine } from '../../shell/terminal.ts';
import { type BenchReport, runBench } from './run-bench.ts';
import { type TrainValidation, validateTrain } from './validate-train.ts';

/** What the command was asked for. */
export interface BenchRoutingArguments {
  readonly data: string | undefined;
  readonly train: string | undefined;
  readonly sets: string | undefined;
  readonly excludeJobs: string | undefined;
  readonly seed: string | undefined;
  readonly out: string | undefined;
  /** Only cross-validates inside the folder to learn from. */
  readonly isValidation: boolean;
  readonly json: boolean;
}

const roundTo = 6;

/** Measures the router on graded prompts and says which goals it reaches. */
export async function runBenchRouting(call: BenchRoutingArguments, terminal: Terminal): Promise<number> {
  const { data, train, sets, excludeJobs } = call;
  if (train !== undefined && call.isValidation) return validate(call, train.split(','), terminal);
  if (data === undefined || train === undefined) throw usageError('--data and --train are needed');
  const seed = Number(call.seed ?? '1');
  if (!Number.isSafeInteger(seed) || seed < 0) throw usageError('--seed takes a whole number');
  const routing = await import('../../../routing/index.ts');
  const report = await runBench(routing, {
    data,
    train: train.split(','),
    sets: sets?.split(','),
    excludeJobs,
    seed,
    version: readVersion(),
    nowMs: () => systemClock.monotonicMs(),
    log: (line) => terminal.complain(`${line}\n`),
  });
  const text = `${JSON.stringify(report, roundNumber, 1)}\n`;
  if (call.out !== undefined) await writeFile(call.out, text);
  if (call.json) terminal.write(text);
  else for (const line of describeReport(report)) writeLine(terminal, line);
  return exitCodes.ok;
}

/** Compares the router with the reference methods on held-out parts of the rows to learn from. */
async function validate(call: BenchRoutingArguments, train: readonly string[], terminal: Terminal): Promise<number> {
  const routing = await import('../../../routing/index.ts');
  const sets = call.sets?.split(',');
  const report = await validateTrain(routing, { train, sets, log: (line) => terminal.complain(`${line}\n`) });
  const text = `${JSON.stringify(report, roundNumber, 1)}\n`;
  if (call.out !== undefined) await writeFile(call.out, text);
  if (call.json) terminal.write(text);
  else for (const line of describeValidation(report)) writeLine(terminal, line);
  return exitCodes.ok;
}

function describeValidation({ sets, reference, meanGain }: TrainValidation): string[] {
  const names = Object.keys(sets[0]?.references ?? {}) as (keyof TrainValidation['sets'][number]['references'])[];
  const rows = sets.map(({ set, rows: count, router, references }) => [
    set,
    `${count}`,
    router.toFixed(4),
    ...names.map((name) => references[name].toFixed(4)),
  ]);
  return [
    ...alignRows([['set', 'rows', 'router', ...names], ...rows]),
    '',
    `mean gain over ${reference}: ${meanGain >= 0 ? '+' : ''}${meanGain.toFixed(4)}`,
  ];
}

function roundNumber(_key: string, value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value !== 'number') return value;
  return Number.isFinite(value) ? Number(value.toPrecision(roundTo)) : null;
}

/** One table per block, then the goals. */
function describeReport(report: BenchReport): string[] {
  const figure = (value: number | null | undefined): string => (typeof value === 'number' ? value.toFixed(4) : '-');
  const share = (value: number | null | undefined): string => (typeof value === 'number' ? value.toFixed(3) : '-');
  const sets = report.sets.map((entry) => {
    const best = Object.values(entry.references).map(({ aiq }) => aiq ?? 0);
    const { router } = entry;
    return [
      entry.set,
      `${entry.rows}`,
      figure(entry.bestSingle.accuracy),
      figure(router.accuracyAtZero),
      figure(entry.staticHull.aiq),
      router.aiq === null ? '-' : figure(Math.max(...best)),
      figure(router.aiq),
      figure(router.apgr),
      share(router.operatingPoint.diff),
      share(router.operatingPoint.costShare),
      share(entry.paraphrase.sameChoice),
    ];
  });
  const titles = [
    'set',
    'rows',
    'best single',
    'at zero',
    'static AIQ',
    'best ref.',
    'AIQ',
    'APGR',
    'diff',
    'cost',
    'stable',
  ];
  const unseen = report.sets.flatMap(({ set, unseenJobs: found }) =>
    found ? [[set, `${found.rows}`, figure(found.bestSingle), figure(found.router), figure(found.after30Labels)]] : [],
  );
  const goals = report.goals.map(
    ({ id, pass, value, threshold }) => `${pass ? 'reached' : 'MISSED '}  ${id}: ${value}; wanted ${threshold}`,
  );
  return [
    ...alignRows([titles, ...sets]),
    '',
    ...alignRows([['unseen jobs', 'rows', 'best single', 'router', 'after 30 labels'], ...unseen]),
    '',
    ...goals,
    ...report.skipped.map(({ set, reason }) => `skipped  ${set}: ${reason}`),
  ];
}
