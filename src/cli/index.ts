import { commands } from './commands.ts';
import { exitCodes } from './shell/cli-error.ts';
import { describeGroup, findCommand } from './shell/command-tree.ts';
import { processTerminal, type Terminal, writeLine } from './shell/terminal.ts';

const programName = 'switchyard';
const helpFlags = new Set(['--help', '-h']);
const versionFlags = new Set(['--version', '-v']);

/** Runs one command line to its exit code; never throws. */
export async function main(argv: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  try {
    return await run(argv, terminal);
  } catch (error) {
    const words = argv.filter((word) => !word.startsWith('-')).slice(0, 1);
    const { describeFailure } = await import('./shell/describe-failure.ts');
    const failure = describeFailure(error, [programName, ...words].join(' '));
    terminal.complain(failure.text);
    return failure.exitCode;
  }
}

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...others] = argv;
  if (first !== undefined && others.length === 0 && versionFlags.has(first)) {
    const { readVersion } = await import('./shell/read-version.ts');
    writeLine(terminal, readVersion());
    return exitCodes.ok;
  }
  const end = argv.indexOf('--');
  const asksForHelp = first === 'help' || argv.slice(0, end < 0 ? undefined : end).some((word) => helpFlags.has(word));
  const words = (first === 'help' ? others : argv).filter((word) => !asksForHelp || !helpFlags.has(word));
  const found = await findCommand(commands, words, programName);
  if (found.kind === 'group') {
    const help = await describeGroup(found.tree, found.path);
    if (asksForHelp) terminal.write(help);
    else terminal.complain(help);
    return asksForHelp ? exitCodes.ok : exitCodes.usage;
  }
  if (asksForHelp) {
    writeLine(terminal, await found.command.usage(found.path));
    return exitCodes.ok;
  }
  return found.command.execute(found.rest, terminal);
}
