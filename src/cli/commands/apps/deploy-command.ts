import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { AppAlias, AppScheduleInput, AppVersion, AppVersionInput } from '../../../sdk/index.ts';
import { exitCodes, usageError } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments, importTimeoutMs } from '../../shell/connect.ts';
import { readJsonFile } from '../../shell/read-file.ts';
import { writeJson, writeLine } from '../../shell/terminal.ts';
import { jsonArgument } from '../../shell/write-answer.ts';
import { collectApp } from './collect-app.ts';

/** What may stand in `switchyard.json` beside an app. */
type AppFileSettings = Omit<AppVersionInput, 'files' | 'archive' | 'digest'> & {
  readonly name?: string;
  readonly schedules?: readonly AppScheduleInput[];
};

/**
 * Builds the app in a folder and points an alias to it.
 *
 * @example
 * switchyard deploy ./shop --alias preview
 */
export const deployCommand = defineCommand({
  description: 'Build the app in a folder and let an alias point to it',
  args: {
    folder: {
      type: 'positional',
      required: true,
      description: 'Folder of the app; switchyard.json in it holds settings',
    },
    app: { type: 'string', description: 'Name of the app; else that of switchyard.json, else that of the folder' },
    alias: { type: 'string', default: 'prod', description: 'prod or preview' },
    entry: { type: 'string', description: 'Module with the default export; else it is looked for' },
    models: { type: 'boolean', description: 'Let the app call models, with a key of its own' },
    ...connectionArguments,
    ...jsonArgument,
  },
  async run(args, terminal) {
    const alias = readAlias(args.alias);
    const file = join(args.folder, 'switchyard.json');
    const settings = existsSync(file) ? ((await readJsonFile(file)) as AppFileSettings) : {};
    const { name, schedules, ...input } = settings;
    const app = args.app ?? name ?? nameOf(args.folder);
    const client = connect(args, terminal, importTimeoutMs);
    const version = await client.apps.addVersion(app, {
      ...collectApp(args.folder),
      ...input,
      ...(args.entry !== undefined && { entry: args.entry }),
      ...(args.models === true && { models: true }),
    });
    const set = await client.apps.setAlias(app, { alias, version: version.version });
    if (schedules !== undefined) await client.apps.setSchedules(app, schedules);
    const origin = (args.url ?? terminal.environment['SWITCHYARD_URL'] ?? 'http://127.0.0.1:8787').replace(/\/+$/, '');
    const url = `${origin}/a/${alias === 'prod' ? '' : `${alias}--`}${app}/`;
    if (args.json === true) writeJson(terminal, { ...version, alias: set, url });
    else for (const line of describe(version, set, url)) writeLine(terminal, line);
    return exitCodes.ok;
  },
});

/** Reads the name of an alias; a usage error for every other word. */
export function readAlias(text: string): 'prod' | 'preview' {
  if (text === 'prod' || text === 'preview') return text;
  throw usageError(`--alias takes prod or preview, not "${text}"`);
}

function describe(version: AppVersion & { readonly isNew: boolean }, set: AppAlias, url: string): string[] {
  const size = version.bundleBytes === null ? 'no code' : `${Math.ceil(version.bundleBytes / 1024)} KiB of code`;
  return [
    ...(version.buildLog === '' ? [] : [version.buildLog]),
    `${version.app} ${version.version}${version.isNew ? '' : ' (was there already)'}: ${size}, ${version.assets} static files`,
    `${set.alias} -> ${set.version}${set.previousVersion === null ? '' : `, before ${set.previousVersion}`}`,
    url,
  ];
}

function nameOf(folder: string): string {
  return basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
}
