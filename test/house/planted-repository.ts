import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A throw-away folder in which a test plants files, to see that a check finds what it is there to find. */
export interface PlantedRepository {
  readonly root: string;
  plant(path: string, content: string): void;
  remove(): void;
}

/** The folder's name holds a space, since a checkout may lie under such a path. */
export function plantRepository(): PlantedRepository {
  const root = mkdtempSync(join(tmpdir(), 'switchyard house '));
  return {
    root,
    plant: (path, content) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
