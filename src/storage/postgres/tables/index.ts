import type { AppTables } from './apps.ts';
import type { BuildTables } from './builds.ts';
import type { ControlTables } from './control.ts';
import type { EvalTables } from './evals.ts';
import type { FixTables } from './fixes.ts';
import type { InvoiceTables } from './invoices.ts';
import type { LedgerTables } from './ledger.ts';
import type { OutboxTables } from './outbox.ts';
import type { PriceTables } from './prices.ts';
import type { ReconciliationTables } from './reconciliation.ts';
import type { RolloutTables } from './rollouts.ts';
import type { RoutingTables } from './routing.ts';
import type { SchemaTables } from './schema.ts';
import type { SpendingTables } from './spending.ts';

/** Every table of the database; each area adds its interface here. */
export interface Tables
  extends
    SchemaTables,
    ControlTables,
    PriceTables,
    SpendingTables,
    LedgerTables,
    InvoiceTables,
    ReconciliationTables,
    OutboxTables,
    RolloutTables,
    RoutingTables,
    EvalTables,
    AppTables,
    FixTables,
    BuildTables {}
