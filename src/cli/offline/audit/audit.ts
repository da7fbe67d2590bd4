import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Fact } from '../../../domain/facts/facts.ts';
import type { JournalSource, Offer } from '../../../reports/index.ts';
import { CliError, exitCodes } from '../../shell/cli-error.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { readPriceFile } from './audit-prices.ts';

/** What `switchyard audit` was asked to do. */
export interface AuditCall {
  readonly files: readonly string[];
  readonly prices: string | undefined;
  readonly html: string | undefined;
  readonly json: boolean;
}

const segmentName = /^facts-[0-9]{10}\.log$/;
const logName = /\.(jsonl?|ndjson|csv)(\.gz)?$/i;

/** Audits logs and journals: a summary on the terminal or JSON, and the page when asked for. */
export async function runAudit(call: AuditCall, terminal: Terminal): Promise<number> {
  const reports = await import('../../../reports/index.ts');
  const { files, journals } = await sortSources(call.files);
  const shipped = reports.shippedOffers();
  const own = call.prices === undefined ? [] : await readPriceFile(call.prices);
  const prices = new reports.OfferTable([...withWeights(own, shipped.offers), ...shipped.offers]);
  const priceSource = call.prices === undefined ? shipped.name : `${basename(call.prices)}, then ${shipped.name}`;
  const report = await tellPlainly(reports.AuditError, () =>
    reports.auditLogs({ files, journals, prices, priceSource }),
  );
  if (call.html !== undefined) writeFileSync(call.html, reports.reportPage(report));
  if (call.json) {
    writeJson(terminal, reports.reportAsData(report));
    return exitCodes.ok;
  }
  const screen = terminal.screen();
  const style = { columns: Math.min(100, screen?.columns ?? 100), isColoured: screen !== undefined };
  for (const line of reports.reportLines(report, style)) writeLine(terminal, line);
  if (call.html !== undefined) writeLine(terminal, `${call.html} written: open it in a browser.`);
  return exitCodes.ok;
}

/** What is wrong with a file is told in a sentence, not as a defect. */
async function tellPlainly<Result>(
  expected: new (message: string) => Error,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof expected) throw new CliError(error.message);
    throw error;
  }
}

/** Own prices serve the same weights as the shipped offer of the same name. */
function withWeights(own: readonly Offer[], shipped: readonly Offer[]): readonly Offer[] {
  const byName = new Map(shipped.map((offer) => [`${offer.host}/${offer.model}`, offer]));
  return own.map((offer) => ({ ...offer, baseModel: byName.get(`${offer.host}/${offer.model}`)?.baseModel }));
}

interface SortedSources {
  readonly files: readonly string[];
  readonly journals: readonly JournalSource[];
}

/** Folders are journals of ours, or hold log files; everything else is a log. */
async function sortSources(paths: readonly string[]): Promise<SortedSources> {
  const journal = await import('../../../journal/index.ts');
  const files: string[] = [];
  const journals: JournalSource[] = [];
  for (const path of paths) {
    if (!existsSync(path)) throw new CliError(`there is no ${path}`);
    if (!statSync(path).isDirectory()) {
      if (segmentName.test(basename(path))) {
        journals.push({
          name: path,
          sizeBytes: statSync(path).size,
          facts: onlyFacts(journal.readJournalSegment(path)),
        });
      } else files.push(path);
      continue;
    }
    const folder = journalIn(path);
    if (folder === undefined) files.push(...logsIn(path));
    else journals.push({ name: folder, sizeBytes: 0, facts: onlyFacts(journal.readJournalDirectory(folder)) });
  }
  return { files, journals };
}

async function* onlyFacts(placed: AsyncIterable<{ readonly fact: Fact }>): AsyncGenerator<Fact> {
  for await (const { fact } of placed) yield fact;
}

/** The journal in a data folder, or the folder itself when gateways' segments lie in its folders. */
function journalIn(folder: string): string | undefined {
  const inside = join(folder, 'journal');
  const holdsSegments = (path: string): boolean =>
    readdirSync(path, { withFileTypes: true }).some(
      (entry) => entry.isDirectory() && readdirSync(join(path, entry.name)).some((name) => segmentName.test(name)),
    );
  if (existsSync(inside) && holdsSegments(inside)) return inside;
  return holdsSegments(folder) ? folder : undefined;
}

function logsIn(folder: string): string[] {
  const logs = readdirSync(folder).filter((name) => logName.test(name));
  if (logs.length === 0) throw new CliError(`${folder} holds neither a journal nor .json, .jsonl or .csv files`);
  return logs.toSorted().map((name) => join(folder, name));
}
