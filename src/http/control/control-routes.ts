import type { ControlRoute } from './framework/route.ts';
import { accessRoutes } from './routes/access-routes.ts';
import { gatewayRoutes, type GatewayViews } from './routes/gateway-routes.ts';

/** What all routes together are built on. */
export interface ControlViews extends GatewayViews {
  newId(prefix: string): string;
}

/** Every route of the control API. */
export function controlRoutes(views: ControlViews): ControlRoute[] {
  return [...gatewayRoutes(views), ...accessRoutes(views.newId)];
}
