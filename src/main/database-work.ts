import type { DatabaseWork } from './database-link.ts';

/** Starts everything that works on the open database and stops it in the opposite order. */
export const startDatabaseWork: DatabaseWork = () => Promise.resolve(() => Promise.resolve());
