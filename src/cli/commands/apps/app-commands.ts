import type { App, AppLogLine } from '../../../sdk/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { type Columns, jsonArgument, listArguments, time, writeObject, writeRows } from '../../shell/write-answer.ts';
import { readAlias } from './deploy-command.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const app = { type: 'positional', required: true, description: 'Name of the app' } as const;
const alias = { type: 'string', default: 'prod', description: 'prod or preview' } as const;
const versionOf = (one: App, name: string): string | undefined =>
  one.aliases.find((each) => each.alias === name)?.version;
const columns: Columns<App> = {
  name: ({ name }) => name,
  customer: ({ customer }) => customer ?? undefined,
  prod: (one) => versionOf(one, 'prod'),
  preview: (one) => versionOf(one, 'preview'),
  made: ({ createdAtMs }) => time(createdAtMs),
};

/**
 * Lists apps.
 *
 * @example
 * switchyard apps list
 */
export const appsListCommand = defineCommand({
  description: 'List apps with the versions that serve',
  args: { ...shared, ...listArguments },
  async run(args, terminal) {
    const limit = args.limit === undefined ? undefined : readCount('limit', args.limit);
    const page = await connect(args, terminal).apps.list({ limit, cursor: args.cursor });
    writeRows(terminal, page, { columns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Shows an app, its last versions and how it has been doing.
 *
 * @example
 * switchyard apps show shop
 */
export const appsShowCommand = defineCommand({
  description: 'Show an app with its versions, schedules and figures',
  args: { app, ...shared },
  async run(args, terminal) {
    const { apps } = connect(args, terminal);
    const [found, versions, metrics, schedules] = await Promise.all([
      apps.get(args.app),
      apps.versions(args.app, { limit: 20 }),
      apps.metrics(args.app),
      apps.schedules(args.app),
    ]);
    if (args.json === true) {
      writeJson(terminal, { ...found, versions: versions.data, metrics, schedules: schedules.data });
      return exitCodes.ok;
    }
    writeObject(terminal, { ...found, aliases: undefined, ...metrics, receipts: undefined }, false);
    for (const one of found.aliases) writeLine(terminal, `${one.alias} -> ${one.version} (revision ${one.revision})`);
    for (const one of versions.data)
      writeLine(terminal, `${one.version}  ${time(one.createdAtMs) ?? ''}  ${one.createdBy}`);
    for (const one of schedules.data) {
      writeLine(
        terminal,
        `${one.name}  ${one.cron}  next ${time(one.nextDueAtMs) ?? '-'}  ${one.lastRun?.status ?? '-'}`,
      );
    }
    return exitCodes.ok;
  },
});

/**
 * Lets an alias point to a version.
 *
 * @example
 * switchyard apps promote shop ver_0123456789abcdef0123456789abcdef
 */
export const appsPromoteCommand = defineCommand({
  description: 'Let an alias point to a version; else to that of preview',
  args: {
    app,
    version: { type: 'positional', required: false, description: 'Id of the version; else what preview points to' },
    alias,
    ...shared,
  },
  async run(args, terminal) {
    const { apps } = connect(args, terminal);
    const version = args.version ?? versionOf(await apps.get(args.app), 'preview') ?? '';
    writeObject(terminal, await apps.setAlias(args.app, { alias: readAlias(args.alias), version }), args.json);
    return exitCodes.ok;
  },
});

/**
 * Lets an alias point to what it pointed to before.
 *
 * @example
 * switchyard apps rollback shop
 */
export const appsRollbackCommand = defineCommand({
  description: 'Let an alias point to the version before, which is still warm',
  args: { app, alias, ...shared },
  async run(args, terminal) {
    writeObject(terminal, await connect(args, terminal).apps.rollBack(args.app, readAlias(args.alias)), args.json);
    return exitCodes.ok;
  },
});

const followEveryMs = 1000;

/**
 * Shows what an app wrote.
 *
 * @example
 * switchyard apps logs shop --follow --search timeout
 */
export const appsLogsCommand = defineCommand({
  description: 'Show the last lines of an app, and with --follow those to come',
  args: {
    app,
    follow: { type: 'boolean', description: 'Go on until it is interrupted' },
    search: { type: 'string', description: 'Only lines with this text' },
    request: { type: 'string', description: 'Only lines of this request' },
    limit: { type: 'string', description: 'Lines, 1 to 1000; else 200' },
    ...shared,
  },
  async run(args, terminal) {
    const { apps } = connect(args, terminal);
    const limit = args.limit === undefined ? undefined : readCount('limit', args.limit);
    const query = { search: args.search, requestId: args.request, limit };
    let after: number | undefined;
    do {
      const { data } = await apps.logs(args.app, { ...query, after });
      for (const line of data) writeLogLine(terminal, line, args.json);
      after = data.at(-1)?.sequence ?? after;
      if (args.follow === true) await new Promise((resolve) => setTimeout(resolve, followEveryMs));
    } while (args.follow === true);
    return exitCodes.ok;
  },
});

function writeLogLine(terminal: Terminal, line: AppLogLine, json: boolean | undefined): void {
  if (json === true) return writeLine(terminal, JSON.stringify(line));
  // Guest text may hold anything, also what moves a cursor.
  const text = line.text.replace(/[^\P{Cc}\t\n]/gu, '\uFFFD');
  writeLine(terminal, `${time(line.atMs) ?? ''} ${line.level.padEnd(5)} ${line.version.slice(0, 12)} ${text}`);
}
