import type { Server } from 'node:http';
import type { InboundDialectId } from '../domain/calls/dialect.ts';
import {
  createHttpServer,
  createInferenceHandler,
  createMcpHandler,
  createStatusHandler,
  identifyToken,
  type ServerParts,
} from '../http/index.ts';
import {
  anthropicMessagesInbound,
  geminiInbound,
  type InboundProtocol,
  openAIChatInbound,
  openAIResponsesInbound,
} from '../protocols/index.ts';
import { systemClock } from '../platform/clock.ts';
import { deployApp } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { openManagement } from './management.ts';
import { sandboxHandler } from './sandboxes.ts';

const inbounds: { readonly [Dialect in InboundDialectId]: InboundProtocol } = {
  'openai-chat': openAIChatInbound,
  'openai-responses': openAIResponsesInbound,
  'anthropic-messages': anthropicMessagesInbound,
  gemini: geminiInbound,
};

/** Builds the one server: inference, status, and everything else. */
export function openEdge(core: Core, ownerToken: string): Server {
  const { state, journal, metrics, isOwner, board, logger } = core;
  const notReady = (): string | undefined => {
    if (state.isDraining) return 'draining';
    const { accepting, reason } = journal.state();
    return accepting ? undefined : (reason ?? 'the journal takes no facts');
  };
  const inference = createInferenceHandler({
    ...core,
    inboundOf: (dialect) => inbounds[dialect],
    settings: () => ({ config: state.snapshot.loaded.config, keys: state.snapshot.keys }),
    listModels: () => state.snapshot.catalog.list(),
    findModel: (id) => state.snapshot.catalog.find(id),
    admits: (working) => !state.isDraining && working < state.snapshot.loaded.config.server.maxConcurrent,
    refused: (fault) => board.refuse(fault),
  });
  return createHttpServer(state.snapshot.loaded.config.server, {
    sandboxes: sandboxHandler(core, ownerToken),
    apps: core.apps.ingress,
    inference,
    status: createStatusHandler({ metrics, notReady, isOwner }),
    corsOrigins: () => state.snapshot.loaded.config.server.corsOrigins,
    mcp: openMcp(core),
    control: openManagement(core, ownerToken),
    troubled: (error) => logger.error({ err: error }, 'a connection could not be accepted'),
  });
}

/** Tools for the models of other programs, each with the rights of its key. */
function openMcp({ runtime, apps, database, state, isOwner, logger }: Core): ServerParts['mcp'] {
  const currentDatabase = (): ReturnType<typeof database.current> => database.current();
  const deploying = { service: apps.service, clock: systemClock, database: currentDatabase, origin: apps.origin };
  return createMcpHandler({
    session: ({ payer }, name) => runtime.workspaces.get(payer, name),
    deploy: (wanted) => deployApp(wanted, deploying),
    absence: () => runtime.codeTool.absence(),
    keys: () => state.snapshot.keys,
    identify: (token) => identifyToken(token, { isOwner, clock: systemClock, database: currentDatabase }),
    admits: () => !state.isDraining,
    troubled: (error) => logger.error({ err: error }, 'a call of the tool server failed'),
  });
}
