export { readAddress } from './app-label.ts';
export { AppMeter } from './app-meter.ts';
export { AppService, type VersionUpload } from './app-service.ts';
export { PostgresAppStore } from './app-store.ts';
export {
  type Alias,
  type AliasName,
  aliasNames,
  type App,
  type AppVersion,
  type VersionSettings,
} from './app-types.ts';
export type { LogLine } from '../functions/log-line.ts';
export { LogBook, type LogQuery } from './log-book.ts';
export { type Apps, type AppsSettings, openApps } from './open-apps.ts';
export { readArchive } from './read-archive.ts';
export { ScheduleStore } from './schedule-store.ts';
export type { SourceFile } from './source-files.ts';
export { VersionBuilder } from './version-builder.ts';
