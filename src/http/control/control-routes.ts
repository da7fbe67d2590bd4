import type { ControlRoute } from './framework/route.ts';
import { gatewayRoutes, type GatewayViews } from './routes/gateway-routes.ts';

/** What all routes together are built on. */
export interface ControlViews extends GatewayViews {}

/** Every route of the control API. */
export function controlRoutes(views: ControlViews): ControlRoute[] {
  return [...gatewayRoutes(views)];
}
