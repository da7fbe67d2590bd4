import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { ControlGroups } from './control-groups.ts';
import { startTicks } from './process-scan.ts';

const keeperMark = 'switchyard-keeper';

/** Names a supervisor for good: process ids come around, ids with a start time do not. */
export function ownerMark(pid: number, ticks: string): string {
  return `${keeperMark}-${pid}-${ticks}`;
}

/**
 * Ends and removes sandboxes whose supervisor is gone; answers how many. The kernel ends a sandbox with its
 * supervisor, so usually only empty groups are left; a keeper that lost its parent all the same is found by its name.
 */
export function clearLeftovers(groups: ControlGroups | undefined): number {
  const orphans = new Set<string>();
  for (const { pid, mark } of findKeepers()) {
    if (ownerLives(mark)) continue;
    orphans.add(mark);
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Another user's, or it ended meanwhile.
    }
  }
  for (const { name, clear } of groups?.leftovers() ?? []) {
    if (!name.startsWith(keeperMark) || ownerLives(name)) continue;
    orphans.add(name);
    // What was killed leaves its group in a moment.
    for (let tries = 0; tries < 1000 && !clear(); tries += 1);
  }
  return orphans.size;
}

function ownerLives(mark: string): boolean {
  const [, pid, ticks] = /^switchyard-keeper-(\d+)-(\d+)/.exec(mark) ?? [];
  return pid !== undefined && startTicks(Number(pid)) === ticks;
}

/** Keepers by their last argument. */
function findKeepers(): { readonly pid: number; readonly mark: string }[] {
  if (!existsSync('/proc/self')) return [];
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    const mark = lastArgument(pid);
    return mark?.startsWith(keeperMark) === true ? [{ pid, mark }] : [];
  });
}

function lastArgument(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').at(-2);
  } catch {
    return undefined;
  }
}
