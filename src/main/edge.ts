import type { Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { InboundDialectId } from '../domain/dialect.ts';
import {
  controlRoutes,
  databaseChangeBook,
  createControlApp,
  createHttpServer,
  createInferenceHandler,
  createStatusHandler,
  identifyToken,
} from '../http/index.ts';
import { systemClock } from '../platform/clock.ts';
import {
  anthropicMessagesInbound,
  geminiInbound,
  type InboundProtocol,
  openAIChatInbound,
  openAIResponsesInbound,
} from '../protocols/index.ts';
import type { Core } from './core.ts';

const inbounds: { readonly [Dialect in InboundDialectId]: InboundProtocol } = {
  'openai-chat': openAIChatInbound,
  'openai-responses': openAIResponsesInbound,
  'anthropic-messages': anthropicMessagesInbound,
  gemini: geminiInbound,
};

/** Builds the one server: inference, status, and everything else. */
export function openEdge(core: Core): Server {
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
    admits: () => !state.isDraining && board.runningCount < state.snapshot.loaded.config.server.maxConcurrent,
    refused: (fault) => board.refuse(fault),
  });
  const control = createControlApp(controlRoutes({ ...core, clock: systemClock }), {
    clock: systemClock,
    changes: databaseChangeBook,
    database: () => core.database.current(),
    absence: () => core.database.absence(),
    identify: (token) =>
      identifyToken(token, {
        isOwner,
        database: () => core.database.current(),
        clock: systemClock,
      }),
    troubled: (error) => logger.error({ err: error }, 'the control API failed'),
  });
  const listener = getRequestListener(control.fetch, { overrideGlobalObjects: false });
  return createHttpServer(state.snapshot.loaded.config.server, {
    inference,
    status: createStatusHandler({ metrics, notReady, isOwner }),
    corsOrigins: () => state.snapshot.loaded.config.server.corsOrigins,
    control: (request, response) => void listener(request, response),
    troubled: (error) => logger.error({ err: error }, 'a connection could not be accepted'),
  });
}
