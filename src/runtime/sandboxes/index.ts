export { type CommandEvent, type CommandWatch, type GuestCommand } from './guest-command.ts';
export { type LiveSandbox } from './live-sandbox.ts';
export { connectPort } from './port-connection.ts';
export type { IncomingFile, OutgoingFile } from './sandbox-files.ts';
export { isToken } from './is-token.ts';
export { SandboxService, type SandboxServiceDeps } from './sandbox-service.ts';
export type {
  NewSandbox,
  SandboxCommand,
  SandboxEntry,
  SandboxFileEvent,
  SandboxMetric,
  SandboxOwner,
  SandboxRecord,
  SandboxSettings,
  SandboxSummary,
} from './sandbox-types.ts';
