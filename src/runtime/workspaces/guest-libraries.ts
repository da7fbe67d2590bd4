import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { ShelfFolder } from './shelf.ts';

/** Where programs of guests in JavaScript and TypeScript find our libraries: beside no project, so after its own. */
const guestModules = '/node_modules';

/** Libraries that programs commonly take for granted. Each has no dependencies and starts nothing by itself. */
const libraries = ['lodash'] as const;

/** The libraries that are installed here, read-only for every sandbox. */
export function findGuestLibraries(): readonly ShelfFolder[] {
  const { resolve } = createRequire(import.meta.url);
  return libraries.flatMap((name) => {
    try {
      const hostPath = dirname(resolve(`${name}/package.json`));
      return [{ name, hostPath, guestPath: `${guestModules}/${name}` }];
    } catch {
      // Left out of the installation: programs that ask for it say so themselves.
      return [];
    }
  });
}
