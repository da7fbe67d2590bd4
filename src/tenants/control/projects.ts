import type { Selectable } from 'kysely';
import type { Tables } from '../../storage/index.ts';
import { type Actor, changeControl, type ControlStore, taken } from './control-store.ts';
import { invalid, lockCustomer } from './customers.ts';

/** A part of a customer that usage and budgets are kept for. */
export interface Project {
  readonly customer: string;
  readonly id: string;
  readonly displayName: string;
  readonly status: 'active' | 'closed';
}

/** Adds a project to a customer. */
export async function createProject(
  store: ControlStore,
  actor: Actor,
  wanted: { readonly customer: string; readonly id: string; readonly displayName?: string | undefined },
): Promise<Project> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(wanted.id)) {
    throw invalid('id', 'must be 1 to 64 letters, digits, dots, dashes or underscores');
  }
  return changeControl(store, actor, async (change) => {
    await lockCustomer(change, wanted.customer);
    const row = await change.trx
      .insertInto('project')
      .values({
        customer_id: wanted.customer,
        id: wanted.id,
        display_name: wanted.displayName ?? wanted.id,
        status: 'active',
        created_at_ms: change.nowMs,
        updated_at_ms: change.nowMs,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw taken('project', wanted.id);
    const project = toProject(row);
    await change.record({
      action: 'project.create',
      subjectId: project.id,
      customerId: project.customer,
      after: project,
    });
    return project;
  });
}

/** Lists the projects of a customer. */
export async function listProjects(store: Pick<ControlStore, 'database'>, customer: string): Promise<Project[]> {
  const query = store.database.db.selectFrom('project').selectAll().where('customer_id', '=', customer).orderBy('id');
  return (await query.execute()).map(toProject);
}

function toProject(row: Selectable<Tables['project']>): Project {
  return { customer: row.customer_id, id: row.id, displayName: row.display_name, status: row.status };
}
