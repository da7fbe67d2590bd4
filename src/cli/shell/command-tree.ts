import type { Command } from './command.ts';
import { usageError } from './cli-error.ts';

/** Loads a command when it is called or its help is asked for, so that no command pays for another. */
export type LazyCommand = () => Promise<Command>;

/** Commands by name, nouns holding verbs. */
export interface CommandTree {
  readonly [name: string]: LazyCommand | CommandTree;
}

/** What the words of a command line lead to. */
export type Found =
  | { readonly kind: 'command'; readonly path: string; readonly command: Command; readonly rest: readonly string[] }
  | { readonly kind: 'group'; readonly path: string; readonly tree: CommandTree };

/** Walks from noun to verb. Throws a usage error for an unknown word. */
export async function findCommand(tree: CommandTree, words: readonly string[], path: string): Promise<Found> {
  const [word, ...rest] = words;
  if (word === undefined || word.startsWith('-')) return { kind: 'group', path, tree };
  const next = Object.hasOwn(tree, word) ? tree[word] : undefined;
  if (next === undefined) {
    throw usageError(`unknown command "${word}"; known after ${path}: ${Object.keys(tree).join(', ')}`);
  }
  const deeper = `${path} ${word}`;
  if (typeof next !== 'function') return findCommand(next, rest, deeper);
  return { kind: 'command', path: deeper, command: await next(), rest };
}

/** Lists every command below a group with its description. */
export async function describeGroup(tree: CommandTree, path: string): Promise<string> {
  const rows = await Promise.all(
    commandsOf(tree, path).map(async ([name, load]) => [name, (await load()).description]),
  );
  const width = Math.max(...rows.map(([name = '']) => name.length));
  const lines = rows.map(([name = '', description]) => `  ${name.padEnd(width)}  ${description}`);
  return [
    `Usage: ${path} <command> [options]`,
    '',
    ...lines,
    '',
    `${path} <command> --help explains one command.`,
    '',
  ].join('\n');
}

function commandsOf(tree: CommandTree, path: string): (readonly [string, LazyCommand])[] {
  return Object.entries(tree).flatMap(([name, next]) =>
    typeof next === 'function' ? [[`${path} ${name}`, next] as const] : commandsOf(next, `${path} ${name}`),
  );
}
