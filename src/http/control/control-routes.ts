import type { ControlRoute } from './framework/route.ts';
import { accessRoutes } from './routes/access-routes.ts';
import { budgetRoutes } from './routes/budget-routes.ts';
import { customerRoutes } from './routes/customer-routes.ts';
import { gatewayRoutes, type GatewayViews } from './routes/gateway-routes.ts';
import { invoiceRoutes } from './routes/invoice-routes.ts';
import { keyRoutes } from './routes/key-routes.ts';
import { ledgerRoutes } from './routes/ledger-routes.ts';
import { priceRoutes } from './routes/price-routes.ts';
import type { TenantDeps } from './routes/tenant-deps.ts';
import { usageRoutes } from './routes/usage-routes.ts';
import { walletRoutes } from './routes/wallet-routes.ts';

/** What all routes together are built on. */
export interface ControlViews extends GatewayViews, TenantDeps {}

/** Every route of the control API, in the order of the document. */
export function controlRoutes(views: ControlViews): ControlRoute[] {
  return [
    ...gatewayRoutes(views),
    ...customerRoutes(views),
    ...keyRoutes(views),
    ...budgetRoutes(views),
    ...walletRoutes(views),
    ...usageRoutes(),
    ...ledgerRoutes(),
    ...invoiceRoutes(views),
    ...priceRoutes(),
    ...accessRoutes(views),
  ];
}
