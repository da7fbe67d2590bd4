import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import type { LaunchCommand } from './launch-command.ts';

/**
 * Starts a program as the leader of a process group and session of its own.
 *
 * A sandbox that is still being made is two processes, and the inner one waits for the outer one: killing the outer one
 * alone leaves the inner one waiting for ever, with our pipes in its hands. They share a group until the guest runs;
 * from then on the kernel ends the inner one when the outer one dies.
 */
export function startGroup(
  { program, args, environment }: LaunchCommand,
  { folder, stdio }: { readonly folder: string; readonly stdio: StdioOptions },
): ChildProcess {
  return spawn(program, args, { cwd: folder, env: environment, stdio, detached: process.platform !== 'win32' });
}

/** Ends a group that {@link startGroup} started, whatever stage it is in. */
export function killGroup(leader: ChildProcess): void {
  const { pid } = leader;
  if (pid === undefined || leader.exitCode !== null || leader.signalCode !== null) return;
  if (process.platform === 'win32') {
    leader.kill('SIGKILL');
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in this moment; its exit is on the way.
  }
}
