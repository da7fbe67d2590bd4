import { stripVTControlCharacters, styleText } from 'node:util';
import type { LiveEndpoint, LiveFinal, LiveView } from '../../../sdk/index.ts';
import type { ScreenSize } from '../../shell/terminal.ts';
import { costText } from '../requests/describe-record.ts';
import type { Summary } from './summarize.ts';
import { alignRows } from '../../shell/align-rows.ts';

/** Rows that each table may take at most, before the latest requests get what is left. */
const tableRows = 8;

/** Draws one picture of the gateway, at most as wide and as high as the screen. */
export function renderTop(view: LiveView, summary: Summary, size: ScreenSize): string[] {
  const lines = [
    headLine(view, summary),
    journalLine(view),
    ...table('models', modelRows(summary)),
    ...table('hosts', hostRows(summary)),
    ...table('endpoints', endpointRows(view.endpoints)),
    ...(summary.faults.length === 0
      ? []
      : [
          '',
          `${styleText('bold', 'errors')}  ${summary.faults.map(({ code, count }) => `${code} ×${count}`).join('  ')}`,
        ]),
  ];
  const left = Math.max(0, size.rows - lines.length - 3);
  const recent = table('latest requests', recentRows(view.requests.recent.slice(0, left)), left + 1);
  return [...lines, ...recent].slice(0, size.rows).map((line) => fitLine(line, size.columns));
}

/** What would wrap would push everything else off its line; a line that is cut loses its colours. */
function fitLine(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= columns ? line : `${plain.slice(0, Math.max(0, columns - 1))}…`;
}

function headLine({ requests, atMs, startedAtMs }: LiveView, { requestsPerSecond, failedShare }: Summary): string {
  const failed = failedShare === undefined ? '-' : `${(failedShare * 100).toFixed(1)}%`;
  return [
    styleText('bold', 'switchyard'),
    `up ${duration(atMs - startedAtMs)}`,
    `running ${requests.runningCount}`,
    `${requestsPerSecond === undefined ? '-' : requestsPerSecond.toFixed(1)} req/s`,
    `ended ${requests.total}`,
    failedShare !== undefined && failedShare > 0 ? styleText('red', `failed ${failed}`) : `failed ${failed}`,
  ].join('  ');
}

function journalLine({ journal }: LiveView): string {
  const state = journal.accepting ? 'ok' : styleText('red', `REFUSING: ${journal.reason ?? 'no reason given'}`);
  const alarm = journal.accepting && journal.alarm ? styleText('yellow', ` alarm: ${journal.reason ?? ''}`) : '';
  const commits = `commit p50 ${milliseconds(journal.commitP50Ms)} p99 ${milliseconds(journal.commitP99Ms)}`;
  return `journal ${state}${alarm}  ${journal.framesWritten} frames  ${commits}  queued ${journal.queuedBytes} B`;
}

function table(title: string, rows: readonly (readonly string[])[], limit = tableRows): string[] {
  const [, first] = rows;
  if (first === undefined) return [];
  const shown = rows.slice(0, limit + 1);
  const hidden = rows.length - shown.length;
  const [head = '', ...body] = alignRows(shown);
  const more = hidden > 0 ? [`  … and ${hidden} more`] : [];
  return [
    '',
    `${styleText('bold', title)}`,
    styleText('dim', `  ${head}`),
    ...body.map((line) => `  ${line}`),
    ...more,
  ];
}

function modelRows({ models }: Summary): string[][] {
  return [
    ['model', 'running', 'ended', 'failed', 'p50', 'p95'],
    ...models.map((row) => [
      row.model,
      `${row.running}`,
      `${row.ended}`,
      `${row.failed}`,
      milliseconds(row.p50Ms),
      milliseconds(row.p95Ms),
    ]),
  ];
}

function hostRows({ hosts }: Summary): string[][] {
  return [
    ['host', 'ended', 'attempts', 'faults'],
    ...hosts.map((row) => [row.host, `${row.ended}`, `${row.attempts}`, `${row.faults}`]),
  ];
}

function endpointRows(endpoints: readonly LiveEndpoint[]): string[][] {
  return [
    ['endpoint', 'state', 'attempts', 'faults', 'first token p50', 'p95', 'tokens/s'],
    ...endpoints.map((one) => [
      one.endpoint,
      one.availability === 'ready' && one.circuit === 'half-open' ? 'half-open' : one.availability,
      `${one.attempts}`,
      `${one.faults}`,
      milliseconds(one.firstTokenP50Ms),
      milliseconds(one.firstTokenP95Ms),
      one.outputTokensPerSecond === undefined ? '-' : one.outputTokensPerSecond.toFixed(0),
    ]),
  ];
}

function recentRows(recent: readonly LiveFinal[]): string[][] {
  return [
    ['request', 'model', 'host', 'result', 'time', 'cost'],
    ...recent.map((one) => [
      one.requestId,
      one.model,
      one.host ?? '-',
      one.fault ?? one.status,
      milliseconds(one.totalMs),
      one.costNanos === null ? 'unknown' : costText(one.costNanos),
    ]),
  ];
}

function milliseconds(value: number | undefined): string {
  if (value === undefined) return '-';
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}

function duration(spanMs: number): string {
  const seconds = Math.max(0, Math.floor(spanMs / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours > 0 ? `${hours}h${minutes}m` : `${minutes}m${seconds % 60}s`;
}
