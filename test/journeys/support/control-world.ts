import { sql } from 'kysely';
import { createControlHarness, type ControlHarness } from '../../../src/http/control/testing/control-harness.ts';
import type { ControlRoute } from '../../../src/http/control/framework/route.ts';
import { openTestDatabase, type TestDatabase } from '../../../src/storage/testing/open-test-database.ts';
import { markOf, type WorldCustomer, type WorldIds } from './control-customers.ts';
import { plantMoney } from './control-world-money.ts';
import { plantBuild } from './plant-build.ts';
import { plantFix } from './plant-fix.ts';

/** The control API over two customers full of data that says whose it is. */
export interface ControlWorld {
  readonly opened: TestDatabase;
  readonly api: ControlHarness;
  readonly ids: { readonly [Customer in WorldCustomer]: WorldIds };
  /** Secrets of the keys that the customers' programs call with. */
  readonly keySecrets: { readonly [Customer in WorldCustomer]: string };
  close(): Promise<void>;
}

/** Opens a database, plants both customers and everything that can belong to one. */
export async function openControlWorld(further: readonly ControlRoute[] = []): Promise<ControlWorld> {
  const opened = await openTestDatabase();
  const api = createControlHarness(opened.database, further);
  const planted = { acme: await plantCustomer(api, 'acme'), globex: await plantCustomer(api, 'globex') };
  const money = {
    acme: await plantMoney({ opened, api }, 'acme'),
    globex: await plantMoney({ opened, api }, 'globex'),
  };
  const workOf = async (customer: WorldCustomer): Promise<WorldIds> => {
    const whose = { customer, mark: markOf(customer), runId: planted[customer].ids['runId'] ?? '' };
    return { ...(await plantFix(opened.database, whose)), ...plantBuild(api, whose) };
  };
  const work = { acme: await workOf('acme'), globex: await workOf('globex') };
  return {
    opened,
    api,
    ids: {
      acme: { ...planted.acme.ids, ...money.acme, ...work.acme },
      globex: { ...planted.globex.ids, ...money.globex, ...work.globex },
    },
    keySecrets: { acme: planted.acme.keySecret, globex: planted.globex.keySecret },
    close: () => opened.close(),
  };
}

async function plantCustomer(
  api: ControlHarness,
  customer: WorldCustomer,
): Promise<{ readonly ids: WorldIds; readonly keySecret: string }> {
  const mark = markOf(customer);
  const post = async (path: string, body: object, method = 'POST'): Promise<{ readonly [field: string]: unknown }> => {
    const answer = await api.call(method, path, { body });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.text}`);
    return answer.body;
  };
  await post('/customers', { id: customer, displayName: mark, billing: { address: mark }, models: [mark] });
  await post(`/customers/${customer}/projects`, { id: `${mark}-project`, displayName: mark });
  const key = await post('/keys', { name: `${mark}-key`, customer, models: [mark] });
  const limit = { limitNanos: '5000000000', period: 'month' };
  const budget = await post('/budgets', { ...limit, scope: 'customer', name: customer });
  await post('/budgets', { ...limit, scope: 'endUser', name: `${mark}-end-user`, customer });
  await post('/budgets', { ...limit, scope: 'key', name: `${mark}-key`, customer });
  await post(`/customers/${customer}/wallet`, {});
  const grant = { kind: 'prepaid', amountNanos: '7000000000', operationKey: `${mark}-payment` };
  await post(`/customers/${customer}/grants`, grant);
  const token = await post('/access-tokens', { name: `${mark}-token`, role: 'viewer', customer });
  const plan = await post('/plans', { plan: mark, terms: { markupPercent: '20' } });
  await post(`/customers/${customer}/subscriptions`, { planVersionId: plan['id'] });
  const signer = await post('/token-signers', { key: `${mark}-key` });
  await post(`/customers/${customer}/provider-credentials`, { host: mark, secret: `sk-secret-${mark}` });
  const appVersion = await plantApp(api, mark);
  const requestId = `req_${(customer === 'acme' ? 'a' : 'b').repeat(32)}`;
  await plantRequest(api, { customer, requestId, mark });
  await post(`/jobs/${mark}`, { models: ['small'] }, 'PUT');
  const item = { prompt: mark, expected: { exact: mark } };
  const evaluation = await post('/evals', { job: 'reply', candidates: ['small'], items: [item], maxNanos: '1' });
  const rollout = await post('/rollouts', { job: 'reply', candidate: 'large' });
  // One at a time: the next one needs this one to be over.
  await api.call('POST', `/rollouts/${String(rollout['id'])}/rollback`);
  return {
    keySecret: String(key['secret']),
    ids: {
      customerId: customer,
      keyName: `${mark}-key`,
      budgetId: String(budget['id']),
      tokenId: String(token['id']),
      planVersionId: String(plan['id']),
      signerId: String(signer['id']),
      app: `${mark}-app`,
      alias: 'prod',
      version: appVersion,
      secret: 'TOKEN',
      requestId,
      decisionId: requestId,
      runId: requestId.replace('req_', 'run_'),
      sandboxId: `sbx${requestId.replace('req_', '')}`,
      jobName: mark,
      evalId: String(evaluation['id']),
      rolloutId: String(rollout['id']),
    },
  };
}

/** A site of the organisation that names the customer. */
async function plantApp(api: ControlHarness, mark: string): Promise<string> {
  const put = async (path: string, body: object): Promise<{ readonly [field: string]: unknown }> => {
    const answer = await api.call('PUT', `/apps/${mark}-app/${path}`, { body });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.text}`);
    return answer.status === 204 ? {} : answer.body;
  };
  const made = await put('versions', { files: [{ path: 'index.html', content: mark }] });
  await put('secrets', { name: 'TOKEN', value: mark });
  await put('schedules', { schedules: [{ name: 'nightly', cron: '0 3 * * *' }] });
  return String(made['version']);
}

async function plantRequest(
  api: ControlHarness,
  { customer, requestId, mark }: { customer: string; requestId: string; mark: string },
): Promise<void> {
  await api.journal.commit({
    type: 'decision',
    requestId,
    decisionId: requestId.replace('req_', 'dec_'),
    atMs: 1_790_000_000_000,
    model: mark,
    seed: 1,
    chosen: `${mark}/${mark}`,
    ranked: [`${mark}/${mark}`],
    excluded: [],
    reasons: [`${mark} is the only one`],
    propensity: 1,
  });
  await api.journal.commit({
    type: 'final',
    requestId,
    atMs: 1_790_000_000_000,
    status: 'completed',
    httpStatus: 200,
    key: `${mark}-key`,
    customer,
    model: mark,
    attempts: 1,
    usage: { input: 3, output: 4 },
    costNanos: '1500',
    chargeNanos: '1800',
    cache: 'bypass',
    totalMs: 10,
    endUser: `${mark}-end-user`,
  });
}

/** Count of rows and sum of amounts of every table: equal before and after means that nothing changed. */
export async function tableSums(opened: TestDatabase): Promise<{ readonly [table: string]: string }> {
  const { db } = opened.database;
  const { rows: columns } = await sql<{ table_name: string; column_name: string }>`
    SELECT c.table_name, c.column_name FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'`.execute(db);
  const tables = new Map<string, string[]>();
  for (const { table_name: table, column_name: column } of columns) {
    tables.set(table, [...(tables.get(table) ?? []), column]);
  }
  if (tables.size === 0) throw new Error('there are no tables to compare');
  const sums: { [table: string]: string } = {};
  for (const [table, names] of tables) {
    const amounts = names.filter((name) => name.endsWith('_nanos'));
    const parts = amounts.map((name) => sql`coalesce(sum(${sql.ref(name)}), 0)::text`);
    const all = sql.join([sql`count(*)::text`, ...parts], sql` || ' ' || `);
    const { rows } = await sql<{ all: string }>`SELECT ${all} AS "all" FROM ${sql.table(table)}`.execute(db);
    sums[table] = rows[0]?.all ?? '';
  }
  return sums;
}
