import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const shared = process.env['SWITCHYARD_SHARED'] ?? resolve(import.meta.dirname, '../../../shared');

/** Folder of the recorded traffic. */
export const fixtures = join(shared, 'data/gateway-fixtures');

const folders = [
  'vercel-ai/openai/src/responses/__fixtures__',
  'vercel-ai/open-responses/src/responses/__fixtures__',
  'vercel-ai/xai/src/responses/__fixtures__',
  'vercel-ai/azure/src/__fixtures__',
];

/** One recorded stream in its wire form. */
export interface Recording {
  readonly name: string;
  readonly text: string;
  readonly events: readonly Record<string, unknown>[];
}

/** Recorded streams; throws when there are none, so that no test passes over nothing. */
export function recordedStreams(): Recording[] {
  const found = filesOf('.chunks.txt').map((path) => {
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const text = lines.map((line, at) => `event: ${String(events[at]?.['type'])}\ndata: ${line}\n\n`).join('');
    return { name: nameOf(path), text, events };
  });
  if (found.length < 20) throw new Error(`only ${found.length} recorded streams under ${fixtures}`);
  return found;
}

/** Recorded whole bodies by name. */
export function recordedBodies(): { readonly name: string; readonly body: Record<string, unknown> }[] {
  const found = filesOf('.json').map((path) => ({
    name: nameOf(path),
    body: JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>,
  }));
  if (found.length < 20) throw new Error(`only ${found.length} recorded bodies under ${fixtures}`);
  return found;
}

function filesOf(ending: string): string[] {
  return folders
    .map((folder) => join(fixtures, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.endsWith(ending))
    .toSorted();
}

function nameOf(path: string): string {
  const origin = /vercel-ai\/([^/]+)/.exec(path)?.[1] ?? '';
  return `${origin}/${basename(path).replace(/\.(chunks\.txt|json)$/, '')}`;
}
