import type { CallToolResult, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { Fault } from '../../domain/faults/fault.ts';
import {
  type AppDeploy,
  type CodeSession,
  describeRun,
  type DeployedApp,
  type GuestFile,
  runLanguages,
} from '../../runtime/index.ts';
import type { McpCaller } from './mcp-caller.ts';

/** What the tools work on. */
export interface McpToolDeps {
  /** The caller's workspace of that name. */
  session(caller: McpCaller, name: string): CodeSession;
  deploy(wanted: AppDeploy): Promise<DeployedApp>;
  /** Why nothing runs here, as a sentence. */
  absence(): string | undefined;
}

const mostReadBytes = 1024 * 1024;
const mostEntries = 500;

const path = z
  .string()
  .min(1)
  .max(400)
  .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\0]+$/, 'must be relative, without `..`');
const file = z.object({
  path,
  content: z.string(),
  encoding: z.enum(['utf8', 'base64']).default('utf8'),
});
const session = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,64}$/)
  .default('default')
  .describe('Name of the workspace; the same name finds the same files for ten minutes after its last use.');

/** Registers run, files and deploy for one caller. */
export function registerTools(server: McpServer, caller: McpCaller, deps: McpToolDeps): void {
  registerRun(server, caller, deps);
  registerFiles(server, caller, deps);
  registerDeploy(server, caller, deps);
}

function registerRun(server: McpServer, caller: McpCaller, deps: McpToolDeps): void {
  const inputSchema = z.object({
    language: z.enum(runLanguages),
    code: z.string().max(1_000_000).optional().describe('The program; or name a file of the workspace by `entry`.'),
    files: z.array(file).max(200).default([]).describe('Files that the program needs; they stay in the workspace.'),
    entry: path.optional(),
    stdin: z.string().max(1_000_000).optional(),
    timeoutMs: z.int().min(1).max(300_000).optional(),
    session,
  });
  const description =
    'Runs Python, JavaScript, TypeScript or shell in an isolated sandbox without network, and answers with exit code, output and receipt.';
  server.registerTool('run', { title: 'Run code', description, inputSchema }, (given, { mcpReq: { signal } }) =>
    answered(async () => {
      requirePresence(deps);
      const { language, code, entry, stdin, timeoutMs } = given;
      const files = given.files.map(toGuestFile);
      const place = deps.session(caller, given.session);
      const run = await place.run({ language, code, files, entry, stdin, timeoutMs, signal });
      const { runId, status, exit, isolation, limitsHit } = run.receipt;
      return {
        content: [{ type: 'text', text: describeRun(run) }],
        structuredContent: {
          runId,
          status,
          exitCode: exit.code,
          stdout: run.stdout,
          stderr: run.stderr,
          limitsHit: [...limitsHit],
          isolation: isolation.tier,
          session: given.session,
        },
        isError: status !== 'succeeded',
      };
    }),
  );
}

function registerFiles(server: McpServer, caller: McpCaller, deps: McpToolDeps): void {
  const inputSchema = z.object({
    action: z.enum(['read', 'write', 'list']),
    path: path.optional().describe('What to read, or the folder to list.'),
    files: z.array(file).max(200).default([]).describe('What to write.'),
    session,
  });
  const description = 'Reads, writes and lists files of a workspace, which programs run in it see as well.';
  server.registerTool('files', { title: 'Files of a workspace', description, inputSchema }, (given) =>
    answered(async () => {
      requirePresence(deps);
      const place = deps.session(caller, given.session);
      if (given.action === 'write') {
        await place.write(given.files.map(toGuestFile));
        return textOf(`Written: ${given.files.map((one) => one.path).join(', ')}`);
      }
      if (given.action === 'list') {
        const entries = await place.list(given.path ?? '.', mostEntries);
        const listed = entries.map(({ path: at, type, sizeBytes }) => ({ path: at, type, sizeBytes }));
        return { ...textOf(JSON.stringify(listed)), structuredContent: { entries: listed } };
      }
      if (given.path === undefined) throw new Fault('invalid_request', { message: 'Say which file: `path`.' });
      return textOf(Buffer.from(await place.read(given.path, mostReadBytes)).toString('utf8'));
    }),
  );
}

function registerDeploy(server: McpServer, caller: McpCaller, deps: McpToolDeps): void {
  const inputSchema = z.object({
    app: z.string().describe('Name of the app: lower-case letters, digits and dashes.'),
    files: z
      .array(file)
      .min(1)
      .max(1000)
      .describe('Static files below `public/`, and optionally a module with `export default { fetch }`.'),
    entry: path.optional(),
    assets: path.optional(),
    alias: z.enum(['preview', 'prod']).default('preview'),
  });
  const description = 'Builds an app from files, lets an alias point to it and answers with its address.';
  server.registerTool('deploy', { title: 'Deploy an app', description, inputSchema }, (given) =>
    answered(async () => {
      const { app, alias, entry, assets } = given;
      const files = given.files.map((one) => ({ path: one.path, bytes: Buffer.from(one.content, one.encoding) }));
      const { appCustomer: customer, actor } = caller;
      const deployed = await deps.deploy({ app, alias, entry, assets, files, customer, actor });
      return { ...textOf(`${deployed.version} is served at ${deployed.url}`), structuredContent: { ...deployed } };
    }),
  );
}

/** What went wrong is told to the model, which may do better; a defect says no more than that it was one. */
async function answered(work: () => Promise<CallToolResult>): Promise<CallToolResult> {
  try {
    return await work();
  } catch (error) {
    const text = Fault.is(error) ? `${error.code}: ${error.message}` : 'internal: the call failed on our side.';
    return { ...textOf(text), isError: true };
  }
}

function textOf(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] };
}

function requirePresence({ absence }: McpToolDeps): void {
  const reason = absence();
  if (reason !== undefined) throw new Fault('isolation_unavailable', { message: `No code runs here: ${reason}` });
}

function toGuestFile({ path: at, content, encoding }: z.output<typeof file>): GuestFile {
  return { path: at, bytes: Buffer.from(content, encoding) };
}
