import { accessSync, constants, realpathSync } from 'node:fs';

/** Programs of the host that sandboxes are made with. */
export interface SystemTools {
  readonly bubblewrap: string;
  readonly perl: string;
}

/** Why there are none, and what to do. */
export interface MissingTools {
  readonly reason: string;
  readonly remedy: string;
}

/** Fixed places: what PATH says is not to be trusted with the boundary. */
const folders = ['/usr/bin', '/usr/local/bin', '/bin', '/run/current-system/sw/bin'];

/** Finds the programs, or says which is missing and how it is installed. */
export function findSystemTools(
  platform: NodeJS.Platform = process.platform,
  find: (name: string) => string | undefined = findProgram,
): SystemTools | MissingTools {
  if (platform !== 'linux') {
    return { reason: `There is no sandbox for native programs on ${platform}.`, remedy: 'Run the runtime on Linux.' };
  }
  const bubblewrap = find('bwrap');
  if (bubblewrap === undefined) {
    return {
      reason: 'bubblewrap (bwrap) is not installed.',
      remedy: 'Install it: apt-get install bubblewrap, dnf install bubblewrap or apk add bubblewrap.',
    };
  }
  const perl = find('perl');
  if (perl === undefined) {
    return {
      reason: 'perl is not installed; it enters the sandboxes.',
      remedy: 'Install it: apt-get install perl-base.',
    };
  }
  return { bubblewrap, perl };
}

/** Where a program is, behind its links. */
export function findProgram(name: string): string | undefined {
  for (const folder of folders) {
    try {
      accessSync(`${folder}/${name}`, constants.X_OK);
      return realpathSync(`${folder}/${name}`);
    } catch {
      // Not here; the next folder.
    }
  }
  return undefined;
}
