import type { ControlRoute } from './framework/route.ts';
import { accessRoutes } from './routes/access-routes.ts';
import { appAliasRoutes } from './routes/app-alias-routes.ts';
import { appLogRoutes } from './routes/app-log-routes.ts';
import { appRoutes } from './routes/app-routes.ts';
import type { AppViews } from './routes/app-schemas.ts';
import { appSettingRoutes } from './routes/app-setting-routes.ts';
import { budgetRoutes } from './routes/budget-routes.ts';
import { buildRoutes, type BuildViews } from './routes/build-routes.ts';
import { customerRoutes } from './routes/customer-routes.ts';
import { decisionRoutes, type DecisionViews } from './routes/decision-routes.ts';
import { evalRoutes, type EvalViews } from './routes/eval-routes.ts';
import { fixRoutes } from './routes/fix-routes.ts';
import type { FixViews } from './routes/fix-schemas.ts';
import { gatewayRoutes, type GatewayViews } from './routes/gateway-routes.ts';
import { invoiceExportRoutes } from './routes/invoice-export-routes.ts';
import { invoiceRoutes } from './routes/invoice-routes.ts';
import { jobRoutes, type JobViews } from './routes/job-routes.ts';
import { keyRoutes } from './routes/key-routes.ts';
import { type LedgerDeps, ledgerRoutes } from './routes/ledger-routes.ts';
import { operationRoutes, type ProjectionViews } from './routes/operation-routes.ts';
import { type OutcomeViews, outcomeRoutes } from './routes/outcome-routes.ts';
import { planRoutes } from './routes/plan-routes.ts';
import type { PriceBookDeps } from './routes/price-book-deps.ts';
import { priceBookRoutes } from './routes/price-book-routes.ts';
import { priceChangeRoutes } from './routes/price-change-routes.ts';
import { priceRoutes } from './routes/price-routes.ts';
import { providerCredentialRoutes } from './routes/provider-credential-routes.ts';
import { reconciliationRoutes } from './routes/reconciliation-routes.ts';
import { type CostDeps, requestCostRoutes } from './routes/request-cost-routes.ts';
import { roiRoutes, type RoiViews } from './routes/roi-routes.ts';
import { rolloutRoutes, type RolloutViews } from './routes/rollout-routes.ts';
import { runRoutes, type RunViews } from './routes/run-routes.ts';
import { sandboxRoutes, type SandboxViews } from './routes/sandbox-routes.ts';
import { type SecretDeps, tokenSignerRoutes } from './routes/token-signer-routes.ts';
import { usageRoutes } from './routes/usage-routes.ts';
import { walletRoutes } from './routes/wallet-routes.ts';

/** What all routes together are built on. */
export interface ControlViews
  extends
    GatewayViews,
    DecisionViews,
    JobViews,
    OutcomeViews,
    EvalViews,
    RolloutViews,
    RoiViews,
    SecretDeps,
    CostDeps,
    LedgerDeps,
    PriceBookDeps,
    RunViews,
    SandboxViews,
    BuildViews,
    AppViews,
    FixViews,
    ProjectionViews {}

/** Every route of the control API, in the order of the document. */
export function controlRoutes(views: ControlViews): ControlRoute[] {
  return [
    ...gatewayRoutes(views),
    ...outcomeRoutes(views),
    ...decisionRoutes(views),
    ...jobRoutes(views),
    ...evalRoutes(views),
    ...rolloutRoutes(views),
    ...roiRoutes(views),
    ...requestCostRoutes(views),
    ...customerRoutes(views),
    ...planRoutes(views),
    ...keyRoutes(views),
    ...tokenSignerRoutes(views),
    ...providerCredentialRoutes(views),
    ...budgetRoutes(views),
    ...walletRoutes(views),
    ...usageRoutes(),
    ...ledgerRoutes(views),
    ...reconciliationRoutes(views),
    ...invoiceRoutes(views),
    ...invoiceExportRoutes(views),
    ...priceRoutes(),
    ...priceBookRoutes(views),
    ...priceChangeRoutes(),
    ...runRoutes(views),
    ...sandboxRoutes(views),
    ...fixRoutes(views),
    ...buildRoutes(views),
    ...operationRoutes(views),
    ...appRoutes(views),
    ...appAliasRoutes(views),
    ...appLogRoutes(views),
    ...appSettingRoutes(views),
    ...accessRoutes(views),
  ];
}
