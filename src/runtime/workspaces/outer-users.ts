import { readFileSync } from 'node:fs';

/** Hands out the users of the host that sandboxes run as. */
export interface OuterUsers {
  /**
   * undefined: as the user that we are. Throws nothing: when all are taken the least used is shared. `wanted` is who
   * owns the files of the sandbox already; it is given if nobody else has it.
   */
  take(wanted?: number): number | undefined;
  giveBack(user: number | undefined): void;
}

/** Nobody's range on machines with systemd's plan of users, and one that fits a container's small map. */
const ranges = [
  { first: 1_900_000_000, count: 8192 },
  { first: 60_600, count: 500 },
];

/**
 * A supervisor that is root runs each sandbox as a user of its own, that owns nothing: what leaves a sandbox all the
 * same is nobody here, cannot touch the neighbours, and process limits bind it. An ordinary user has only itself.
 */
export function createOuterUsers(isRoot = process.getuid?.() === 0, uidMap = readUidMap()): OuterUsers {
  const range = isRoot ? ranges.find(({ first, count }) => isMapped(uidMap, first, count)) : undefined;
  if (!range) return { take: () => undefined, giveBack: () => undefined };
  const taken = new Map<number, number>();
  let next = 0;
  return {
    take(wanted) {
      if (wanted !== undefined && wanted >= range.first && wanted < range.first + range.count && !taken.has(wanted)) {
        taken.set(wanted, 1);
        return wanted;
      }
      for (let tries = 0; tries < range.count; tries += 1) {
        const user = range.first + (next % range.count);
        next += 1;
        if (!taken.has(user)) {
          taken.set(user, 1);
          return user;
        }
      }
      const shared = range.first + (next % range.count);
      taken.set(shared, (taken.get(shared) ?? 0) + 1);
      return shared;
    },
    giveBack(user) {
      if (user === undefined) return;
      const left = (taken.get(user) ?? 1) - 1;
      if (left === 0) taken.delete(user);
      else taken.set(user, left);
    },
  };
}

function isMapped(uidMap: string, first: number, count: number): boolean {
  return uidMap.split('\n').some((line) => {
    const [inside, , length] = line.trim().split(/\s+/).map(Number);
    return inside !== undefined && length !== undefined && first >= inside && first + count <= inside + length;
  });
}

function readUidMap(): string {
  try {
    return readFileSync('/proc/self/uid_map', 'utf8');
  } catch {
    return ''; // Not Linux: there are no sandboxes either.
  }
}
