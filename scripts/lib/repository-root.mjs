// @ts-check
import { fileURLToPath } from 'node:url';

/** Absolute path of the checkout; scripts never depend on the folder they were started from. */
export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
