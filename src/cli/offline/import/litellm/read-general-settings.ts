import { type ImportContext, readReference } from '../import-context.ts';
import type { Setting } from '../setting.ts';

const database = 'no database is needed: facts go to the journal in the data folder';
const keysInFile = 'keys stand in the configuration';

const notes: { readonly [field: string]: string } = {
  database_url: database,
  database_connection_pool_limit: database,
  database_connection_timeout: database,
  store_model_in_db: 'models stand in the configuration, which is reloaded when it changes',
  store_prompts_in_spend_logs: 'prompts and answers are not recorded',
  disable_spend_logs: 'every attempt has its fact; journal.durability: relaxed makes that cheaper',
  allow_requests_on_db_unavailable: database,
  custom_auth: keysInFile,
  enable_jwt_auth: `${keysInFile}; tokens of an identity provider are not accepted`,
  litellm_jwtauth: `${keysInFile}; tokens of an identity provider are not accepted`,
  allowed_routes: 'a key may use every inference route of its models',
  key_management_system: 'secrets come from variables and files; let your key manager write those',
  key_management_settings: 'secrets come from variables and files; let your key manager write those',
  use_google_kms: 'secrets come from variables and files; let your key manager write those',
  alerting: 'alert on /metrics',
  alerting_threshold: 'alert on /metrics',
  alert_types: 'alert on /metrics',
  alert_to_webhook_url: 'alert on /metrics',
  background_health_checks: 'health is learned from real attempts',
  health_check_interval: 'health is learned from real attempts',
  max_parallel_requests: 'limits hold per key: keys[].limits.concurrent',
  completion_model: 'every request names its model; add an alias if clients cannot',
  infer_model_from_keys: 'hosts whose key is in the environment are there without an entry',
  forward_client_headers_to_llm_api: 'client headers are not forwarded; write them under headers of the host',
  enforce_user_param: 'the end user is recorded when the client names one; it cannot be demanded',
  ui_access_mode: 'there is no web console in this version',
  pass_through_endpoints: 'there is no raw pass-through route',
  proxy_budget_rescheduler_min_time: 'budgets are not part of this version',
  proxy_budget_rescheduler_max_time: 'budgets are not part of this version',
};

/** Reads `general_settings`: the master key becomes a key that may use every model. */
export function readGeneralSettings(section: Setting | undefined, context: ImportContext): void {
  if (section === undefined) return;
  for (const [field, note] of Object.entries(notes)) section.get(field)?.unsupported(note);
  const master = section.get('master_key');
  const secret = master && readReference(master, 'LITELLM_MASTER_KEY', context);
  if (master !== undefined && secret !== undefined) {
    context.draft.keys.push({ name: 'master', secret });
    const variable = secret.slice('env:'.length);
    master.changed(
      `as key "master" for every model, its secret in the variable ${variable}; the control API has its own owner token`,
    );
  }
  const most = section.get('global_max_parallel_requests');
  const number = most?.count;
  if (most === undefined) return;
  if (number !== undefined) {
    context.draft.section('server')['maxConcurrent'] = number;
    most.kept('as server.maxConcurrent');
  } else most.unsupported('no positive whole number; server.maxConcurrent stays 10000');
}
