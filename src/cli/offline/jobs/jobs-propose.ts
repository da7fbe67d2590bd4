import { systemClock } from '../../../platform/clock.ts';
import type { JobProposals } from '../../../routing/index.ts';
import { formatNanosAsUsd } from '../../../domain/money/money.ts';
import { alignRows } from '../../shell/align-rows.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { readSince } from '../../shell/read-since.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { successRuleOf } from './job-settings.ts';
import { readExchangeLog } from '../journal/read-exchange-log.ts';

/** What `switchyard jobs propose` was asked. */
export interface JobsProposeCall {
  readonly since: string;
  readonly least: number;
  readonly data: string;
  readonly json: boolean;
}

/** Groups requests that no job was found for, and proposes the large groups as jobs. */
export async function runJobsPropose(call: JobsProposeCall, terminal: Terminal): Promise<number> {
  const { proposeJobs } = await import('../../../routing/index.ts');
  const toMs = systemClock.nowMs();
  const log = await readExchangeLog(call.data, { fromMs: readSince(call.since, toMs), toMs });
  const { least } = call;
  const proposals = proposeJobs(log.exchanges(), { least, rule: successRuleOf('', undefined) });
  if (call.json) writeJson(terminal, proposals);
  else for (const line of describe(proposals, call)) writeLine(terminal, line);
  return exitCodes.ok;
}

function describe({ requests, proposed, alone, leftOut }: JobProposals, { since, least }: JobsProposeCall): string[] {
  const seen = `${requests} requests without a job since ${since} whose prompt was read (model \`auto\`)`;
  if (requests === 0) return [seen];
  const rows = proposed.map((one, at) => [
    `${at + 1}`,
    `${one.requests}`,
    formatNanosAsUsd(one.costNanos),
    one.successes + one.failures === 0 ? 'unknown' : `${one.successes} of ${one.successes + one.failures}`,
    one.likeness.toFixed(2),
    one.models.map(({ model, requests: count }) => `${model} ${count}`).join(', '),
    one.examples.join(' '),
  ]);
  return [
    seen,
    ...(leftOut > 0 ? [`${leftOut} older ones, or read in another way, were not looked at`] : []),
    ...(proposed.length === 0
      ? [`none of them are ${least} alike: nothing is proposed`]
      : ['', ...alignRows([['', 'requests', 'cost', 'success', 'alike', 'answered by', 'look at'], ...rows]), '']),
    ...(proposed.length === 0 ? [] : [`${alone} are in no group of ${least}`, ...draft(proposed)]),
  ];
}

/** What would go into the configuration; only a person who looked at the requests can describe them. */
function draft(proposed: JobProposals['proposed']): string[] {
  return [
    '',
    'jobs:',
    ...proposed.flatMap(({ models }, at) => [
      `  job-${at + 1}:`,
      '    description: "say in a sentence what is asked; requests are found by it"',
      `    models: [${models.map(({ model }) => JSON.stringify(model)).join(', ')}]`,
    ]),
  ];
}
