import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { Client, Fix, FixAttempt, FixTrail } from '../../sdk/index.ts';
import { exitCodes, usageError } from '../shell/cli-error.ts';
import { defineCommand } from '../shell/command.ts';
import { connect, connectionArguments } from '../shell/connect.ts';
import { readCount } from '../shell/read-arguments.ts';
import { readChoice, readUsd } from '../shell/read-money.ts';
import { type Terminal, writeJson, writeLine } from '../shell/terminal.ts';
import { type Columns, jsonArgument, listArguments, time, usd, writeRows } from '../shell/write-answer.ts';

const pollMs = 500;
const licences = ['allowed', 'unknown', 'all'] as const;

/**
 * Has a failed run or a failing app fixed, and shows how that went.
 *
 * @example
 * switchyard fix run_0123456789abcdef0123456789abcdef --max-usd 0.50 --out fixed
 * switchyard fix shop
 */
export const fixCommand = defineCommand({
  description: 'Have a failed run or a failing app fixed by a model, within a sum of money; show fixes, export pairs',
  args: {
    what: {
      type: 'positional',
      required: false,
      description: 'A run, an app, or a fix to be shown; without: all fixes',
    },
    'max-usd': { type: 'string', description: 'Most that it may cost; else as configured' },
    attempts: { type: 'string', description: 'Questions to models, 1 to 3' },
    out: { type: 'string', description: 'Folder that the fixed program of a run is written to' },
    detach: { type: 'boolean', description: 'Do not wait for the end' },
    accept: { type: 'boolean', description: 'With a fix: you take it; the model that wrote it is known by that' },
    reject: { type: 'boolean', description: 'With a fix: you do not' },
    pairs: {
      type: 'boolean',
      description: 'Failed programs beside their fixes as lines of JSON, to train models with',
    },
    licence: { type: 'string', description: 'With --pairs: allowed (when absent), unknown or all' },
    ...connectionArguments,
    ...jsonArgument,
    ...listArguments,
  },
  async run(args, terminal) {
    const client = connect(args, terminal);
    const { what, json } = args;
    if (args.pairs === true) {
      const licence = args.licence === undefined ? undefined : readChoice('licence', args.licence, licences);
      terminal.write(await client.fixes.pairs({ licence }));
      return exitCodes.ok;
    }
    if (what === undefined) {
      const limit = args.limit === undefined ? undefined : readCount('limit', args.limit);
      writeRows(terminal, await client.fixes.list({ limit, cursor: args.cursor }), { columns, json });
      return exitCodes.ok;
    }
    const isFix = what.startsWith('fix_');
    if (args.accept === true || args.reject === true) {
      if (!isFix) throw usageError('--accept and --reject are said of a fix, by its id');
      await client.fixes.accept(what, args.accept === true);
    }
    const bounds = {
      ...(args['max-usd'] !== undefined && { maxNanos: readUsd('max-usd', args['max-usd']) }),
      ...(args.attempts !== undefined && { maxAttempts: readCount('attempts', args.attempts) }),
    };
    const begun = isFix ? { id: what } : await begin(client, what, bounds);
    const trail = await follow(client, begun.id, isFix || args.detach === true);
    if (args.out !== undefined && trail.files !== null) await writeFiles(args.out, trail.files);
    if (json === true) writeJson(terminal, trail);
    else show(terminal, trail);
    return trail.state === 'unfixed' || trail.state === 'failed' ? exitCodes.failure : exitCodes.ok;
  },
});

function begin(client: Client, what: string, bounds: Parameters<Client['fixes']['ofApp']>[1]): Promise<Fix> {
  return what.startsWith('run_') ? client.fixes.ofRun(what, bounds) : client.fixes.ofApp(what, bounds);
}

async function follow(client: Client, id: string, isOnce: boolean): Promise<FixTrail> {
  for (;;) {
    const trail = await client.fixes.get(id);
    if (isOnce || (trail.state !== 'queued' && trail.state !== 'running')) return trail;
    await new Promise((end) => setTimeout(end, pollMs));
  }
}

/** Below the folder and nowhere else, whatever the answer says. */
async function writeFiles(folder: string, files: NonNullable<FixTrail['files']>): Promise<void> {
  const root = resolve(folder);
  for (const { path, content, encoding } of files) {
    const file = resolve(join(root, path));
    if (!file.startsWith(root + sep)) throw usageError(`${path} would be written outside of ${folder}`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, Buffer.from(content, encoding));
  }
}

function show(terminal: Terminal, trail: FixTrail): void {
  const { id, state, reason, detail, attempts, spentNanos, maxNanos, patch, runId, version } = trail;
  const why = [reason, detail].filter((one) => one !== null).join(': ');
  writeLine(terminal, `${id}  ${state}${why === '' ? '' : ` (${why})`}  ${usd(spentNanos)} of ${usd(maxNanos)}`);
  for (const attempt of attempts) writeLine(terminal, `  ${attempt.number}. ${describe(attempt)}`);
  if (version !== null) writeLine(terminal, `  version: ${version}`);
  if (runId !== null) writeLine(terminal, `  run: ${runId}`);
  if (patch !== '') terminal.write(patch);
}

function describe({ model, verdict, refusals, checks, costNanos, isHidden, requestId }: FixAttempt): string {
  const refused = refusals.map(({ path, reason }) => ` ${path} ${reason}`).join(',');
  const passed = checks.filter(({ hasPassed }) => hasPassed).length;
  const tried =
    checks.length === 0 ? '' : `, ${passed} of ${checks.length} checks${isHidden ? ', a hidden one failed' : ''}`;
  return `${model === '' ? 'no model' : model}: ${verdict}${refused}${tried}, ${usd(costNanos)} (${requestId})`;
}

const columns: Columns<Fix> = {
  id: (fix) => fix.id,
  subject: (fix) => fix.subject,
  state: (fix) => fix.state,
  reason: (fix) => fix.reason ?? undefined,
  spent: (fix) => usd(fix.spentNanos),
  refused: (fix) => `${fix.refusedPatches}`,
  created: (fix) => time(fix.createdAtMs),
};
