import { styleText } from 'node:util';
import type { AuditReport } from './audit-report.ts';
import { count, percent, shareOf, shortCount, signedUsd, usd } from './figures.ts';
import type { Sum } from './findings/dimension.ts';
import { missingText } from './html/page.ts';
import { changesText } from './html/sections.ts';
import { formatDay } from '../../domain/money/periods.ts';
import { dayNumber } from './reading/instant.ts';

/** How the summary is written. */
export interface ReportStyle {
  /** Lines are at most this long, commands to copy excepted. */
  readonly columns: number;
  readonly isColoured: boolean;
}

type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'strikethrough';

const shownNames = 8;

/** The report in words for a terminal. */
export function reportLines(report: AuditReport, style: ReportStyle): readonly string[] {
  const paint = (colour: Colour, text: string): string =>
    style.isColoured ? styleText(colour, text, { validateStream: false }) : text;
  const page = new Summary(style, paint);
  page.head(report);
  page.table('By model', report.byModel, (name) => {
    const stated = report.byModel.find((sum) => sum.name === name)?.stated;
    return stated === undefined || stated.calls === 0 ? '' : signedUsd(stated.oursNanos - stated.theirsNanos);
  });
  page.table('By job', report.byJob);
  page.table('By user', report.byUser);
  page.table(
    'Dearest days',
    report.byDay.map(dayAsSum).toSorted((one, other) => compare(other.costNanos, one.costNanos)),
  );
  page.moves(report);
  page.waste(report);
  page.hosts(report);
  page.savings(report);
  page.gaps(report);
  return page.lines;
}

function dayAsSum(day: AuditReport['byDay'][number]): Sum {
  const { calls, costNanos } = day;
  return { name: day.day, calls, costNanos, unpricedCalls: 0, inputUnits: 0, cacheReadUnits: 0, outputUnits: 0 };
}

class Summary {
  readonly lines: string[] = [];
  readonly #columns: number;
  readonly #paint: (colour: Colour, text: string) => string;

  constructor({ columns }: ReportStyle, paint: (colour: Colour, text: string) => string) {
    this.#columns = columns;
    this.#paint = paint;
  }

  head(report: AuditReport): void {
    const { total, period, stated } = report;
    const days = period
      ? `${formatDay(dayNumber(period.fromMs))} to ${formatDay(dayNumber(period.toMs))} UTC`
      : 'no calls';
    this.#line(`${this.#paint('bold', usd(total.costNanos))}  for ${count(total.calls)} calls, ${days}`);
    const verdict = total.isComplete ? 'complete: every call has a price' : missingText(report);
    this.#line(this.#paint(total.isComplete ? 'green' : 'red', verdict));
    if (stated.calls > 0) {
      const delta = stated.oursNanos - stated.theirsNanos;
      const share = percent(shareOf(delta, stated.theirsNanos), true);
      this.#line(
        `the log says ${usd(stated.theirsNanos)} for ${count(stated.calls)} of them: delta ${signedUsd(delta)} (${share})`,
      );
    }
    this.#line(this.#paint('dim', `prices: ${report.priceSource}`));
  }

  table(title: string, sums: readonly Sum[], last: (name: string) => string = () => ''): void {
    const total = sums.reduce((sum, { costNanos }) => sum + costNanos, 0n);
    const hasLast = sums.some(({ name }) => last(name) !== '');
    const nameWidth = Math.max(12, this.#columns - (hasLast ? 66 : 52));
    const units = sums.some(({ inputUnits }) => inputUnits > 0);
    const header = [
      'calls'.padStart(9),
      ...(units ? ['input'.padStart(9), 'output'.padStart(9)] : []),
      'cost'.padStart(13),
      'share'.padStart(8),
    ];
    this.#title(`${title.padEnd(nameWidth)}${header.join('')}${hasLast ? 'vs log'.padStart(14) : ''}`);
    for (const sum of sums.slice(0, shownNames)) {
      const cost = sum.costNanos === 0n && sum.unpricedCalls > 0 ? 'no price' : usd(sum.costNanos);
      const cells = [
        shortCount(sum.calls).padStart(9),
        ...(units ? [shortCount(sum.inputUnits).padStart(9), shortCount(sum.outputUnits).padStart(9)] : []),
        cost.padStart(13),
        percent(shareOf(sum.costNanos, total)).padStart(8),
      ];
      this.#line(`  ${fit(sum.name, nameWidth - 3)} ${cells.join('')}${hasLast ? last(sum.name).padStart(14) : ''}`);
    }
    if (sums.length > shownNames) this.#line(this.#paint('dim', `  and ${count(sums.length - shownNames)} more`));
  }

  moves({ priceMoves }: AuditReport): void {
    if (priceMoves.length === 0) return;
    const paid = priceMoves.reduce((sum, { paidNanos }) => sum + paidNanos, 0n);
    this.#title(`Price moves paid: ${signedUsd(paid)}`);
    for (const move of priceMoves.slice(0, shownNames)) {
      const amount = signedUsd(move.paidNanos).padStart(12);
      this.#line(
        `  ${formatDay(dayNumber(move.atMs))} ${this.#paint(move.paidNanos > 0n ? 'red' : 'green', amount)}  ${plain(move.model)}: ${changesText(move)}`,
      );
    }
  }

  waste({ waste }: AuditReport): void {
    this.#title('Waste');
    this.#pair(
      usd(waste.failed.costNanos),
      `${count(waste.failed.calls)} failed calls; ${count(waste.retries)} retries`,
    );
    this.#pair(usd(waste.aborted.costNanos), `${count(waste.aborted.calls)} aborted calls`);
    if (waste.repeats.known > 0) {
      this.#pair(
        usd(waste.repeats.costNanos),
        `${count(waste.repeats.calls)} repeated requests, word by word, within a day`,
      );
    } else this.#pair('not visible', 'repeated requests: the log holds neither words nor digests');
    if (waste.cacheable.conversations) {
      this.#pair(
        usd(waste.cacheable.costNanos),
        `at most: prefixes of ${count(waste.cacheable.calls)} calls that a prompt cache could read`,
      );
    } else this.#pair('not visible', 'prompt cache: the log names no conversations');
  }

  hosts({ cheaperHosts }: AuditReport): void {
    this.#title(`The same model on a cheaper host  ${this.#paint('yellow', 'UNPROVEN')}`);
    if (cheaperHosts.length === 0) this.#line('  none that we know, on this mix of usage');
    for (const host of cheaperHosts.filter(({ isBest }) => isBest).slice(0, 6)) {
      const saved = host.costNanos - host.elsewhereNanos;
      this.#line(
        `  ${plain(host.model)} → ${plain(host.elsewhere)}: ${usd(host.costNanos)} → ${usd(host.elsewhereNanos)} (${this.#paint('strikethrough', `-${percent(shareOf(saved, host.costNanos))}`)}, unproven)`,
      );
      this.#line(this.#paint('dim', `    prove it: ${plain(host.proof)}`), true);
    }
  }

  savings({ savings, total }: AuditReport): void {
    this.#title('From what was spent to what could be');
    let left = total.costNanos;
    this.#pair(usd(left), 'spent');
    for (const { name, savedNanos, certainty, note } of savings) {
      left -= savedNanos;
      const label = { paid: 'paid for nothing', bound: 'at most', unproven: 'unproven' }[certainty];
      this.#pair(`-${usd(savedNanos)}`, `${name}, ${label}: ${note}`);
    }
    this.#pair(usd(left), 'could be');
  }

  gaps({ unknownPrices, assumptions, files, total }: AuditReport): void {
    if (unknownPrices.length > 0) {
      this.#title(this.#paint('red', 'Not in the total: no known price'));
      for (const { model, calls, statedNanos } of unknownPrices.slice(0, 20)) {
        const said = statedNanos === undefined ? '' : `, the log says ${usd(statedNanos)}`;
        this.#line(`  ${plain(model)}: ${count(calls)} calls${said}`);
      }
    }
    if (assumptions.length > 0 || total.duplicates > 0) this.#title('Taken for granted');
    for (const { text, calls, costNanos } of assumptions)
      this.#line(`  ${plain(text)} (${count(calls)} calls, ${usd(costNanos)})`);
    if (total.duplicates > 0) this.#line(`  ${count(total.duplicates)} rows stood in the files twice and count once`);
    this.#title('Files');
    for (const { file, format, rows, skipped, badCount, bad, unknownColumns } of files) {
      this.#line(`  ${plain(file)}: ${format}, ${count(rows)} rows`);
      for (const { reason, count: times } of skipped) this.#line(`    ${count(times)} skipped: ${plain(reason)}`);
      if (badCount > 0) this.#line(this.#paint('red', `    ${count(badCount)} unreadable`));
      for (const { line, reason } of bad.slice(0, 5)) this.#line(`      line ${line}: ${plain(reason)}`);
      if (unknownColumns.length > 0) this.#line(`    unknown columns: ${unknownColumns.map(plain).join(', ')}`);
    }
  }

  #pair(amount: string, text: string): void {
    this.#line(`  ${amount.padStart(13)}  ${plain(text)}`);
  }

  #title(text: string): void {
    this.lines.push('', this.#paint('bold', text));
  }

  /** Lines fit the screen; what is to be copied is left whole. */
  #line(text: string, isWhole = false): void {
    if (isWhole || visibleLength(text) <= this.#columns) {
      this.lines.push(text.trimEnd());
      return;
    }
    const indent = /^ */.exec(text)?.[0] ?? '';
    let line = '';
    for (const word of text.trimStart().split(' ')) {
      if (line !== '' && indent.length + visibleLength(line) + 1 + visibleLength(word) > this.#columns) {
        this.lines.push(indent + line);
        line = `  ${word}`;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    this.lines.push(indent + line);
  }
}

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const colours = /\u001b\[[0-9;]*m/g;
// oxlint-disable-next-line no-control-regex -- a name from a log must not drive the terminal
const controls = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function visibleLength(text: string): number {
  return text.replace(colours, '').length;
}

function plain(text: string): string {
  return text.replace(controls, '\u00b7');
}

function fit(name: string, width: number): string {
  const text = plain(name);
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}

function compare(one: bigint, other: bigint): number {
  return Number(one > other) - Number(one < other);
}
