import { basename } from 'node:path';
import type { ImportedBill, ReconciliationReport } from '../../../sdk/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments, importTimeoutMs } from '../../shell/connect.ts';
import { readTextFile } from '../../shell/read-file.ts';
import { writeLine } from '../../shell/terminal.ts';
import { type Columns, jsonArgument, time, usd, writeObject, writeRows } from '../../shell/write-answer.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const id = { type: 'positional', required: true, description: 'Id of the import' } as const;
const columns: Columns<ImportedBill> = {
  id: (bill) => bill.id,
  host: (bill) => bill.host,
  file: (bill) => bill.name,
  format: (bill) => bill.format,
  rows: (bill) => `${bill.rows}`,
  problems: (bill) => `${bill.problems.length}`,
  imported: (bill) => time(bill.importedAtMs),
};
const cellColumns: Columns<ReconciliationReport['cells'][number]> = {
  day: (cell) => cell.day,
  model: (cell) => cell.model,
  key: (cell) => cell.key || undefined,
  ours: (cell) => usd(cell.oursNanos),
  theirs: (cell) => usd(cell.theirsNanos),
  delta: (cell) => usd(cell.deltaNanos),
  why: (cell) => (cell.missingOn === null ? cell.difference : `missing on ${cell.missingOn} side`),
};

/**
 * Lists imported bills.
 *
 * @example
 * switchyard reconciliation list --host openai
 */
export const reconciliationListCommand = defineCommand({
  description: 'List bills and usage exports of hosts that were imported, newest first',
  args: { host: { type: 'string', description: 'Only those of this host' }, ...shared },
  async run(args, terminal) {
    const page = await connect(args, terminal).reconciliation.list({ host: args.host });
    writeRows(terminal, page, { columns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Imports a bill or usage export.
 *
 * @example
 * switchyard reconciliation import november.csv --host openai
 */
export const reconciliationImportCommand = defineCommand({
  description: "Import a host's bill or usage export; the same file is imported once",
  args: {
    file: { type: 'positional', required: true, description: 'CSV, JSON or JSON lines' },
    host: { type: 'string', description: "The host as it is named here, when it differs from the format's" },
    format: { type: 'string', description: 'Else recognized by its columns' },
    ...shared,
  },
  async run(args, terminal) {
    const { file, host, format } = args;
    const body = { name: basename(file), content: await readTextFile(file), host, format };
    const { problems, ...bill } = await connect(args, terminal, importTimeoutMs).reconciliation.import(body);
    writeObject(terminal, args.json === true ? { ...bill, problems } : bill, args.json);
    if (args.json !== true) {
      for (const { line, message } of problems) writeLine(terminal, `line ${line}: ${message}`);
    }
    return problems.length > 0 ? exitCodes.failure : exitCodes.ok;
  },
});

/**
 * Compares a bill with what was metered.
 *
 * @example
 * switchyard reconciliation report rec_0198…
 */
export const reconciliationReportCommand = defineCommand({
  description: 'Show ours, theirs and the difference by day, model and key',
  args: { id, all: { type: 'boolean', description: 'Also what is equal' }, ...shared },
  async run(args, terminal) {
    const report = await connect(args, terminal, importTimeoutMs).reconciliation.report(args.id);
    if (args.json === true) writeObject(terminal, report, true);
    else {
      const data = report.cells.filter(({ difference }) => args.all === true || difference !== 'equal');
      writeRows(terminal, { data }, { columns: cellColumns, json: false });
      const { oursNanos, theirsNanos, deltaNanos, varianceNanos } = report;
      writeLine(terminal, `${report.host}, ${report.firstDay} to ${report.lastDay}`);
      writeLine(terminal, `ours ${usd(oursNanos)}, theirs ${usd(theirsNanos)}, delta ${usd(deltaNanos)}`);
      writeLine(terminal, `to be posted: ${usd(varianceNanos)}`);
    }
    return exitCodes.ok;
  },
});

/**
 * Posts the difference.
 *
 * @example
 * switchyard reconciliation post rec_0198…
 */
export const reconciliationPostCommand = defineCommand({
  description: 'Post what the bill has beyond our figures; posting again posts nothing',
  args: { id, ...shared },
  async run(args, terminal) {
    writeObject(terminal, await connect(args, terminal).reconciliation.post(args.id), args.json);
    return exitCodes.ok;
  },
});
