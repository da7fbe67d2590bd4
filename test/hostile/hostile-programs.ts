import { filePrograms, networkPrograms, privilegePrograms, secretPrograms } from './boundary-programs.ts';
import type { HostileProgram } from './hostile-program.ts';
import { resourcePrograms } from './resource-programs.ts';

/** Every hostile program for workspaces, by number; the page docs/isolation.md is written from it. */
export const hostilePrograms: readonly HostileProgram[] = [
  ...filePrograms,
  ...secretPrograms,
  ...networkPrograms,
  ...privilegePrograms,
  ...resourcePrograms,
].sort((one, other) => one.number - other.number);
