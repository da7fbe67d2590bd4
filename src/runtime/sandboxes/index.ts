export type { CommandEvent, CommandWatch, GuestCommand } from './guest-command.ts';
export type { LiveSandbox } from './live-sandbox.ts';
export { connectPort } from './port-connection.ts';
export type { IncomingFile } from './sandbox-files.ts';
export { isToken } from './is-token.ts';
export { SandboxService } from './sandbox-service.ts';
export type {
  NewSandbox,
  SandboxEntry,
  SandboxFileEvent,
  SandboxMetric,
  SandboxOwner,
  SandboxRecord,
  SandboxSettings,
  SandboxSummary,
} from './sandbox-types.ts';
