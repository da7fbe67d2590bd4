import { migration as control } from './0001-control.ts';
import type { Migration } from './migration.ts';

/** Every migration in the order of its number; each area adds its own here. */
export const migrations: readonly Migration[] = [control];
