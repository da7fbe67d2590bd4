import { type Terminal, writeLine } from '../shell/terminal.ts';

/** Runs the simulator until it is stopped, and says how to script it. */
export async function runFakeUpstream(
  options: { readonly host: string; readonly port: number },
  terminal: Terminal,
): Promise<void> {
  const { describeScripts, startSimulator } = await import('../../simulator/index.ts');
  const simulator = await startSimulator(options);
  const stopped = terminal.untilStopped();
  writeLine(terminal, `fake upstream is listening on ${simulator.url}`);
  writeLine(terminal);
  terminal.write(describeScripts());
  await stopped;
  await simulator.close();
}
