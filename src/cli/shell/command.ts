import { stripVTControlCharacters } from 'node:util';
import { type ArgsDef, type CommandDef, parseArgs, type ParsedArgs, renderUsage } from 'citty';
import { usageError } from './cli-error.ts';
import type { Terminal } from './terminal.ts';

/** One command, its arguments hidden behind what the dispatcher needs. */
export interface Command {
  readonly description: string;
  /** Help text. `path` is how the command is called, for example `switchyard config check`. */
  usage(path: string): Promise<string>;
  /** Runs to the exit code. Throws CliError for everything expected. */
  execute(rawArguments: readonly string[], terminal: Terminal): Promise<number>;
}

/** What a command is made of. */
export interface CommandDefinition<Definitions extends ArgsDef> {
  readonly description: string;
  readonly args: Definitions;
  /** Takes any number of words after the named ones; they are all in `args._`. */
  readonly takesMany?: boolean;
  run(args: ParsedArgs<Definitions>, terminal: Terminal): Promise<number> | number;
}

/** Defines a command; unknown flags and surplus words are errors, since a typing error must not be ignored. */
export function defineCommand<const Definitions extends ArgsDef>(definition: CommandDefinition<Definitions>): Command {
  const { description, args } = definition;
  return {
    description,
    usage: (path) => renderUsage({ meta: { name: path, description }, args } as CommandDef),
    async execute(rawArguments, terminal) {
      checkFlags(rawArguments, args);
      const parsed = parse<Definitions>(rawArguments, args);
      if (definition.takesMany !== true) checkWords(parsed, args);
      return definition.run(parsed, terminal);
    },
  };
}

/** The library tells wrong calls by an error class that it does not export. */
function parse<Definitions extends ArgsDef>(rawArguments: readonly string[], args: ArgsDef): ParsedArgs<Definitions> {
  try {
    return parseArgs<Definitions>([...rawArguments], args);
  } catch (error) {
    if (error instanceof Error && error.name === 'CLIError') throw usageError(stripVTControlCharacters(error.message));
    throw error;
  }
}

function checkFlags(rawArguments: readonly string[], args: ArgsDef): void {
  const end = rawArguments.indexOf('--');
  const known = new Map(Object.entries(args).filter(([, one]) => one.type !== 'positional'));
  const words = end < 0 ? rawArguments : rawArguments.slice(0, end);
  for (const [index, word] of words.entries()) {
    if (!word.startsWith('-') || word === '-') continue;
    const [flag = '', value] = word.split('=', 2);
    const one = known.get(flag.replace(/^--(no-)?/, ''));
    if (!flag.startsWith('--') || one === undefined) throw usageError(`unknown option ${flag}`);
    const next = words[index + 1];
    if (one.type === 'string' && value === undefined && (next === undefined || next.startsWith('--'))) {
      throw usageError(`option ${flag} needs a value`);
    }
  }
}

function checkWords(parsed: { readonly _: readonly string[] }, args: ArgsDef): void {
  const places = Object.values(args).filter((one) => one.type === 'positional').length;
  const surplus = parsed._[places];
  if (surplus !== undefined) throw usageError(`unexpected argument ${surplus}`);
}
