export type { BackupManifest, TableRecord } from './backup-manifest.ts';
export { type RestoreSettings, restoreBackup } from './restore-backup.ts';
export { type BackupSettings, makeEmptyFolder, writeBackup } from './write-backup.ts';
