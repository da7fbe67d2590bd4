import type { EvalCandidate, EvalFlip, EvalPair, EvalRun } from '../../../sdk/index.ts';
import { exitCodes, usageError } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments, importTimeoutMs } from '../../shell/connect.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { readList, readUsd } from '../../shell/read-money.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { type Columns, jsonArgument, listArguments, time, usd, writeRows } from '../../shell/write-answer.ts';
import { readItems } from './read-items.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const pollMs = 500;

/**
 * Puts items to candidates and shows how they did.
 *
 * @example
 * switchyard eval run --job support-reply --candidates small,large --items items.jsonl --max-usd 2
 */
export const evalRunCommand = defineCommand({
  description: 'Put items to candidate models through the gateway, within a sum of money',
  args: {
    job: { type: 'string', required: true, description: 'Job that the candidates are hired for' },
    candidates: { type: 'string', required: true, description: 'Models, separated by commas' },
    items: {
      type: 'string',
      required: true,
      description: 'File of items: JSON lines of {"prompt", "expected"}; or `logged`',
    },
    'max-usd': { type: 'string', required: true, description: 'Most that the run may spend' },
    samples: { type: 'string', description: 'Answers per item and candidate; else 1' },
    'max-tokens': { type: 'string', description: 'Longest answer in tokens; else 1024' },
    seed: { type: 'string', description: 'Order of items that nothing is known of; else 1' },
    grader: { type: 'string', description: 'Address of a grader of yours, for items that expect http' },
    judge: { type: 'string', description: 'Model that judges beside the graders' },
    detach: { type: 'boolean', description: 'Do not wait for the end' },
    ...shared,
  },
  async run(args, terminal) {
    const { job, samples, seed, grader, judge } = args;
    const maxTokens = args['max-tokens'];
    const client = connect(args, terminal, importTimeoutMs);
    const made = await client.evals.create({
      job,
      candidates: readList(args.candidates) ?? [],
      items: await readItems(args.items),
      maxNanos: readUsd('max-usd', args['max-usd']),
      samples: samples === undefined ? undefined : readCount('samples', samples),
      maxTokens: maxTokens === undefined ? undefined : readCount('max-tokens', maxTokens),
      seed: seed === undefined ? undefined : readCount('seed', seed),
      graderUrl: grader,
      judge,
    });
    let run = made;
    while (args.detach !== true && (run.state === 'queued' || run.state === 'running')) {
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      run = await client.evals.get(made.id);
    }
    showRun(terminal, run, args.json);
    return run.state === 'failed' ? exitCodes.failure : exitCodes.ok;
  },
});

/**
 * Shows a run, or the items on which two candidates differ.
 *
 * @example
 * switchyard eval show evr_0123456789abcdef0123456789abcdef --flips
 */
export const evalShowCommand = defineCommand({
  description: 'Show a run: rates with intervals, pairs, or the items that make the difference',
  args: {
    id: { type: 'positional', required: true, description: 'Id of the run' },
    flips: { type: 'boolean', description: 'Items on which two candidates differ, with both answers' },
    pair: { type: 'string', description: 'The two candidates, with a comma; else the first two' },
    ...shared,
  },
  async run(args, terminal) {
    const client = connect(args, terminal);
    if (args.flips !== true) {
      showRun(terminal, await client.evals.get(args.id), args.json);
      return exitCodes.ok;
    }
    const [first, second, surplus] = readList(args.pair) ?? [];
    if (surplus !== undefined) throw usageError('--pair takes two candidates');
    const found = await client.evals.flips(args.id, { first, second });
    if (args.json === true) writeJson(terminal, found);
    else showFlips(terminal, found.data);
    return exitCodes.ok;
  },
});

/** Lists runs, the latest first. */
export const evalListCommand = defineCommand({
  description: 'List runs, the latest first',
  args: { job: { type: 'string', description: 'Only of this job' }, ...shared, ...listArguments },
  async run(args, terminal) {
    const limit = args.limit === undefined ? undefined : readCount('limit', args.limit);
    const page = await connect(args, terminal).evals.list({ job: args.job, limit, cursor: args.cursor });
    writeRows(terminal, page, { columns: runColumns, json: args.json });
    return exitCodes.ok;
  },
});

/** Ends a run; what it has found stays. */
export const evalStopCommand = defineCommand({
  description: 'End a run; what it has found stays',
  args: { id: { type: 'positional', required: true, description: 'Id of the run' }, ...shared },
  async run(args, terminal) {
    showRun(terminal, await connect(args, terminal).evals.stop(args.id), args.json);
    return exitCodes.ok;
  },
});

const runColumns: Columns<EvalRun> = {
  id: (run) => run.id,
  job: (run) => run.job,
  state: (run) => run.state,
  items: (run) => `${run.itemCount}`,
  spent: (run) => usd(run.spentNanos),
  made: (run) => time(run.createdAtMs),
};

const candidateColumns: Columns<EvalCandidate> = {
  candidate: (one) => one.candidate,
  passed: (one) => `${one.passed} of ${one.items}`,
  rate: (one) => share(one.rate),
  '95 %': (one) => (one.interval ? `${share(one.interval[0])} … ${share(one.interval[1])}` : 'not enough data'),
  '$ per success': (one) => (one.passed === 0 ? `at least ${usd(one.costNanos)}` : usd(one.costPerSuccessNanos)),
  'median ms': (one) => (one.medianMs === null ? undefined : `${Math.round(one.medianMs)}`),
  unknown: (one) => `${one.unknown}`,
  errors: (one) => `${one.errors}`,
};

const pairColumns: Columns<EvalPair> = {
  pair: (one) => `${one.first} : ${one.second}`,
  'wins/losses/ties': (one) => `${one.wins}/${one.losses}/${one.ties}`,
  p: (one) => one.p.toPrecision(2),
  verdict: (one) => verdictOf(one),
};

function verdictOf({ verdict, first, second, needsMore }: EvalPair): string {
  if (verdict !== 'open') return `${verdict === 'first' ? first : second} is better`;
  return needsMore === null ? 'no difference seen' : `open, about ${needsMore} more items`;
}

function showRun(terminal: Terminal, run: EvalRun, json: boolean | undefined): void {
  if (json === true) return writeJson(terminal, run);
  const { id, state, detail, report, spentNanos, maxNanos } = run;
  writeLine(terminal, `${id}: ${state}${detail === null ? '' : `, ${detail}`}`);
  writeLine(terminal, `spent ${usd(spentNanos)} of ${usd(maxNanos)}`);
  if (!report) return;
  writeRows(terminal, { data: report.candidates }, { columns: candidateColumns, json });
  if (report.pairs.length > 0) writeRows(terminal, { data: report.pairs }, { columns: pairColumns, json });
  if (report.judge) writeLine(terminal, `judge: ${report.judge.gate} ${report.judge.reasons.join('; ')}`.trimEnd());
}

function showFlips(terminal: Terminal, flips: readonly EvalFlip[]): void {
  if (flips.length === 0) writeLine(terminal, 'no item makes a difference');
  for (const { itemId, winner, answers, reasons } of flips) {
    writeLine(terminal, `${itemId}: ${winner} is right (${reasons.join('; ') || 'no reason given'})`);
    for (const [candidate, answer] of Object.entries(answers)) {
      writeLine(terminal, `  ${candidate}: ${JSON.stringify(answer.slice(0, 200))}`);
    }
  }
}

function share(rate: number | null): string | undefined {
  return rate === null ? undefined : `${(100 * rate).toFixed(1)} %`;
}
