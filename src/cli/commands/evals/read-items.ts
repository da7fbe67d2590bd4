import type { EvalItemInput } from '../../../sdk/index.ts';
import { CliError } from '../../shell/cli-error.ts';
import { readTextFile } from '../../shell/read-file.ts';

/** Reads items from a file: one JSON object per line, or one array of them; `logged` are those that the gateway kept. */
export async function readItems(path: string): Promise<readonly EvalItemInput[] | 'logged'> {
  if (path === 'logged') return path;
  const text = (await readTextFile(path)).trim();
  const items = text.startsWith('[')
    ? parse(text, path)
    : text.split('\n').flatMap((line, at) => lineOf(line, at, path));
  if (!Array.isArray(items) || items.length === 0) throw new CliError(`${path} holds no items`);
  return items as readonly EvalItemInput[];
}

function lineOf(line: string, at: number, path: string): readonly unknown[] {
  return line.trim() === '' ? [] : [parse(line, `${path}, line ${at + 1},`)];
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The position in the text says less than the line.
    throw new CliError(`${where} is no JSON`);
  }
}
