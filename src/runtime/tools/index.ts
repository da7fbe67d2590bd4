export { CodeSession, type CodeSessionDeps, isolationOf, type SessionOwner } from './code-session.ts';
export { codeTool, createCodeTool, describeRun } from './code-tool.ts';
export { NamedSessions } from './named-sessions.ts';
