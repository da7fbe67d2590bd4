import type { LeaderboardRow } from '../../../sdk/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { writeJson, writeLine } from '../../shell/terminal.ts';
import { type Columns, jsonArgument, usd, writeRows } from '../../shell/write-answer.ts';

const columns: Columns<LeaderboardRow> = {
  rank: ({ rank: [best, worst] }) => (best === worst ? `${best}` : `${best}–${worst}`),
  model: (row) => row.model,
  host: (row) => row.host,
  quality: ({ rate, interval }) => qualityOf(rate, interval),
  '$ per success': (row) => successCost(row),
  '$ per 1M, my mix': (row) => usd(row.mixNanosPerMillion),
  'first byte ms': ({ firstByteP50Ms: p50, firstByteP95Ms: p95 }) =>
    p50 === null ? undefined : `${Math.round(p50)} / ${p95 === null ? 'never' : Math.round(p95)}`,
  'tokens/s': (row) => (row.tokensPerSecondP50 === null ? undefined : row.tokensPerSecondP50.toFixed(0)),
  errors: (row) => (row.errorRate === null ? undefined : `${(100 * row.errorRate).toFixed(1)} %`),
  n: (row) => `${row.n}`,
  'need more': (row) => (row.needsMore === null ? undefined : `about ${row.needsMore}`),
};

/**
 * Shows which model at which host does a job best, as far as the evidence goes.
 *
 * @example
 * switchyard leaderboard --job support-reply
 */
export const leaderboardCommand = defineCommand({
  description: 'Models at their hosts on one job: quality, rank range, cost per success, speed',
  args: {
    job: { type: 'string', required: true, description: 'Name of the job' },
    since: { type: 'string', description: 'From when: a date in UTC, or milliseconds; else the last seven days' },
    ...connectionArguments,
    ...jsonArgument,
  },
  async run(args, terminal) {
    const board = await connect(args, terminal).evals.leaderboard({ job: args.job, since: args.since });
    if (args.json === true) {
      writeJson(terminal, board);
      return exitCodes.ok;
    }
    writeLine(terminal, `success of ${board.job}: ${board.rule.text}; nothing known of ${board.unknown} requests`);
    writeRows(terminal, { data: board.rows }, { columns, json: false });
    return exitCodes.ok;
  },
});

function qualityOf(rate: number | null, interval: LeaderboardRow['interval']): string {
  if (rate === null) return 'nothing known';
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return interval ? `${percent(rate)} (${percent(interval[0])} … ${percent(interval[1])})` : 'not enough data';
}

function successCost(row: LeaderboardRow): string | undefined {
  if (row.costAtLeastNanos !== null) return `at least ${usd(row.costAtLeastNanos)}`;
  const interval = row.costPerSuccessInterval;
  const figure = usd(row.costPerSuccessNanos ?? undefined);
  return figure === undefined || !interval ? figure : `${figure} (${usd(interval[0])} … ${usd(interval[1])})`;
}
