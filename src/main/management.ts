import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import {
  type ClientCaller,
  controlRoutes,
  createControlApp,
  createFigureSource,
  createPagesApp,
  databaseChangeBook,
  identifyToken,
  Sessions,
} from '../http/index.ts';
import { systemClock } from '../platform/clock.ts';
import { controlViews } from './control-views.ts';
import { Fault } from '../domain/faults/fault.ts';
import { TokenVerifier } from '../tenants/index.ts';
import type { Core } from './core.ts';

/** Builds what people and programs manage the product by: the control API below /api, pages everywhere else. */
export function openManagement(
  core: Core,
  ownerToken: string,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { logger, isOwner, board } = core;
  const shared = {
    clock: systemClock,
    database: () => core.database.current(),
    absence: () => core.database.absence(),
    identify: (token: string, origin?: string) =>
      identifyToken(
        token,
        {
          isOwner,
          clock: systemClock,
          database: () => core.database.current(),
          clientOf: (secret, page) => clientOf(core, secret, page),
        },
        origin,
      ),
  };
  const views = controlViews(core);
  const control = createControlApp(controlRoutes(views), {
    ...shared,
    changes: databaseChangeBook,
    servesPages: () => core.tokens.isInUse,
    troubled: (error) => logger.error({ err: error }, 'the control API failed'),
  });
  const pages = createPagesApp({
    ...shared,
    sessions: new Sessions(ownerToken),
    figures: createFigureSource({ ...shared, board, returns: views.returns }),
    troubled: (error) => logger.error({ err: error }, 'a page failed'),
  });
  const [toControl, toPages] = [control, pages].map((app) =>
    getRequestListener(app.fetch, { overrideGlobalObjects: false }),
  );
  return (request, response) => {
    const listener = request.url?.startsWith('/api/') === true ? toControl : toPages;
    void listener?.(request, response);
  };
}

/** Programs and pages of customers, for the few control routes that are theirs, too. */
async function clientOf(core: Core, secret: string, page: string | undefined): Promise<ClientCaller | undefined> {
  if (!TokenVerifier.isToken(secret)) {
    const key = core.state.snapshot.keys.find(secret);
    return key && { key: key.name, customerId: key.customer };
  }
  const use = await core.tokens.verify(secret, page);
  if (Fault.is(use)) throw use;
  const { name, customer, endUser } = use.key;
  return { key: name, customerId: customer, endUser, origin: page };
}
