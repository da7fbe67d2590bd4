import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { McpHttpHandler } from '@modelcontextprotocol/server';
import { Fault } from '../../domain/faults/fault.ts';
import { identifyMcpCaller, type McpCaller, type McpCallers } from './mcp-caller.ts';
import { type McpToolDeps, registerTools } from './mcp-tools.ts';

/** What the MCP server is built on. */
export interface McpDeps extends McpToolDeps, McpCallers {
  /** New work is refused while draining. */
  admits(): boolean;
  /** Told of defects, so that they stand in the log. */
  troubled(error: unknown): void;
}

const mostBodyBytes = 16 * 1024 * 1024;

/** Serves the Model Context Protocol at `/mcp`; false for every other path. The SDK is loaded by the first request. */
export function createMcpHandler(deps: McpDeps): (request: IncomingMessage, response: ServerResponse) => boolean {
  let opening: Promise<McpHttpHandler> | undefined;
  const serve = async (request: Request, caller: McpCaller): Promise<Response> => {
    opening ??= open(deps);
    const handler = await opening;
    const authInfo = { token: '', clientId: caller.payer.key, scopes: [], extra: { caller } };
    return handler.fetch(request, { authInfo });
  };
  return (request, response) => {
    if (request.url?.split('?')[0] !== '/mcp') return false;
    const listener = getRequestListener(
      async (received) => {
        try {
          if (!deps.admits()) throw new Fault('shedding', { message: 'The gateway is stopping.' });
          return await serve(received, await identifyMcpCaller(request.headers, deps));
        } catch (error) {
          if (!Fault.is(error)) deps.troubled(error);
          return refusal(Fault.is(error) ? error : new Fault('internal'));
        }
      },
      { overrideGlobalObjects: false },
    );
    void listener(request, response);
    return true;
  };
}

async function open(deps: McpDeps): Promise<McpHttpHandler> {
  const sdk = await import('@modelcontextprotocol/server');
  return sdk.createMcpHandler(
    ({ authInfo }) => {
      const server = new sdk.McpServer({ name: 'switchyard', version: '1' });
      // Put there above, for this very request.
      registerTools(server, authInfo?.extra?.['caller'] as McpCaller, deps);
      return server;
    },
    { maxRequestBodySize: mostBodyBytes, onerror: (error) => deps.troubled(error) },
  );
}

/** A refusal as clients of the protocol read it. */
function refusal({ code, message, kind }: Fault): Response {
  const body = { jsonrpc: '2.0', id: null, error: { code: -32_000, message, data: { code } } };
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (kind.httpStatus === 401) headers['www-authenticate'] = 'Bearer realm="switchyard"';
  return new Response(JSON.stringify(body), { status: kind.httpStatus, headers });
}
