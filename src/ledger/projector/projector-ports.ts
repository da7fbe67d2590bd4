import { RatingVersions } from '../../catalog/index.ts';
import type { Database } from '../../storage/index.ts';
import { ChargeProjector } from '../../tenants/index.ts';
import { exportUse } from '../exports/export-sinks.ts';
import { projectOutcome } from '../outcomes/record-outcome.ts';
import { shareOutcome } from '../outcomes/share-outcome.ts';
import type { ProjectorPorts } from './ports.ts';

/** What the product's own projector works with: the price versions, and the budgets and wallets it moves. */
export function createProjectorPorts(database: Database, alarm: ProjectorPorts['alarm']): ProjectorPorts {
  const charges = new ChargeProjector();
  const versions = new RatingVersions(database);
  return {
    versions,
    applyCharges: async (trx, rows) => (await charges.settleProjected(trx, rows)).fundings,
    async applyOutcome(trx, fact) {
      await projectOutcome(trx, fact);
      await shareOutcome(trx, fact);
    },
    exportUse: (trx, use) => exportUse(trx, use, versions),
    alarm,
  };
}
