export { writeAtomically } from './atomic-file.ts';
export { type BatchDemand, type ObjectKind, ObjectIndex, type OwnedObject } from './objects/object-index.ts';
export type { Owner } from './owner.ts';
export { ResponseStore, type ResponseStoreLimits, responseStoreLimits } from './responses/response-store.ts';
export { claimWork, extendClaim, type NewClaim, type WorkTable } from './postgres/claim-work.ts';
export type { Database, DatabaseEngine, ListenSettings } from './postgres/database.ts';
export { DatabaseError, type DatabaseErrorCode } from './postgres/database-error.ts';
export { isConnectionLost } from './postgres/is-connection-lost.ts';
export { type DatabaseOptions, openDatabase } from './postgres/open-database.ts';
export type { Tables } from './postgres/tables/index.ts';
export {
  type BackupManifest,
  type BackupSettings,
  type RestoreSettings,
  restoreBackup,
  type TableRecord,
  writeBackup,
} from './backup/index.ts';
export { reachServer, type ReachedServer } from './postgres/reach-server.ts';
export { type EngineInspection, inspectEngine } from './postgres/embedded/inspect-engine.ts';
