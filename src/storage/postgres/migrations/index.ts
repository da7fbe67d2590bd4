import { migration as control } from './0001-control.ts';
import { migration as prices } from './0002-prices.ts';
import { migration as ledger } from './0003-ledger.ts';
import { migration as spending } from './0004-spending.ts';
import { migration as invoices } from './0005-invoices.ts';
import { migration as reconciliation } from './0006-reconciliation.ts';
import { migration as outbox } from './0007-outbox.ts';
import { migration as routing } from './0008-routing.ts';
import { migration as evals } from './0009-evals.ts';
import { migration as rollouts } from './0010-rollouts.ts';
import { migration as apps } from './0011-apps.ts';
import { migration as exports } from './0012-exports.ts';
import { migration as marginAlerts } from './0013-margin-alerts.ts';
import { migration as deliveries } from './0014-deliveries.ts';
import { migration as evalMoney } from './0016-eval-money.ts';
import { migration as fixes } from './0017-fixes.ts';
import { migration as builds } from './0019-builds.ts';
import { migration as unsureDeliveries } from './0021-unsure-deliveries.ts';
import { migration as rolloutChanges } from './0023-rollout-changes.ts';
import type { Migration } from './migration.ts';

/** Every migration in the order of its number; each area adds its own here. */
export const migrations: readonly Migration[] = [
  control,
  prices,
  ledger,
  spending,
  invoices,
  reconciliation,
  outbox,
  routing,
  evals,
  rollouts,
  apps,
  exports,
  marginAlerts,
  deliveries,
  evalMoney,
  fixes,
  builds,
  unsureDeliveries,
  rolloutChanges,
];
