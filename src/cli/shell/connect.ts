import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient } from '../../sdk/index.ts';
import { CliError } from './cli-error.ts';
import type { Terminal } from './terminal.ts';

/** Options of every command that talks to a running gateway. */
export const connectionArguments = {
  url: { type: 'string', description: 'Address of the gateway; else SWITCHYARD_URL, else http://127.0.0.1:8787' },
  data: { type: 'string', default: '.switchyard', description: 'Its data folder, which holds the owner token' },
} as const;

/** A large file is read, checked and stored before the answer. */
export const importTimeoutMs = 300_000;

/** Where the gateway listens unless it was told otherwise. */
export const defaultUrl = 'http://127.0.0.1:8787';

/** Makes a client of the running gateway. The owner token comes from SWITCHYARD_OWNER_TOKEN or the data folder. */
export function connect(
  args: { readonly url?: string | undefined; readonly data: string },
  terminal: Terminal,
  timeoutMs?: number,
): Client {
  const { environment } = terminal;
  const url = args.url ?? environment['SWITCHYARD_URL'] ?? defaultUrl;
  if (!URL.canParse(url)) throw new CliError(`"${url}" is no address; it looks like ${defaultUrl}`);
  return createClient({ url, ownerToken: ownerTokenOf(args, terminal), ...(timeoutMs !== undefined && { timeoutMs }) });
}

/** The owner token: from SWITCHYARD_OWNER_TOKEN or the data folder. */
export function ownerTokenOf(args: { readonly data: string }, { environment }: Terminal): string {
  return environment['SWITCHYARD_OWNER_TOKEN']?.trim() || readToken(join(args.data, 'owner-token'));
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const reason =
      error instanceof Error && 'code' in error && error.code === 'EACCES' ? 'may not be read' : 'is not there';
    throw new CliError(
      `${file} ${reason}: give the gateway's data folder with --data, or its owner token in SWITCHYARD_OWNER_TOKEN`,
    );
  }
}
