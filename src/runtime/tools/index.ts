export {
  CodeSession,
  type CodeSessionDeps,
  isolationOf,
  type SessionOwner,
  type SessionProgram,
  type SessionRun,
} from './code-session.ts';
export { codeTool, type CodeToolDeps, createCodeTool, describeRun } from './code-tool.ts';
export { NamedSessions } from './named-sessions.ts';
