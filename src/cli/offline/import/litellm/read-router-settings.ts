import type { ConfigDraft } from '../config-draft.ts';
import { readSeconds } from '../import-context.ts';
import type { Setting } from '../setting.ts';

const breaker = 'the circuit breaker has fixed rules: it opens at 5 faults and 50 % in 30 s; see docs/failover.md';
const redis = 'no Redis is needed: one process keeps limits and health in memory';

const notes: { readonly [field: string]: string } = {
  allowed_fails: breaker,
  allowed_fails_policy: breaker,
  cooldown_time: `${breaker}; hosts that say Retry-After are obeyed`,
  disable_cooldowns: breaker,
  retry_policy: 'which faults are tried again is fixed by their code; see docs/faults.md',
  model_group_retry_policy: 'which faults are tried again is fixed by their code; see docs/faults.md',
  retry_after: 'waits grow with jitter from 100 ms, and Retry-After is obeyed',
  routing_strategy_args: 'there are no arguments: endpoints share by weight and health',
  enable_tag_filtering: 'there is no routing by tags: use a model name per group',
  tag_filtering_match_any: 'there is no routing by tags: use a model name per group',
  provider_budget_config: 'budgets are not part of this version',
  default_litellm_params: 'no parameters are added to requests: let the client send them',
  redis_host: redis,
  redis_port: redis,
  redis_password: redis,
  redis_url: redis,
  redis_db: redis,
  cache_kwargs: redis,
  cache_responses: 'turn on cache at the keys that should have it',
  default_max_parallel_requests: 'limits hold per key: keys[].limits.concurrent',
  max_fallbacks: 'the number of tries is policy.maxAttempts of each model',
  assistants_config: 'the Assistants API is not offered',
  search_tools: 'search tools are not offered',
  guardrail_list: 'guardrails are not part of this version',
};

/** Settings that need nothing written because the product always works that way. */
const always: { readonly [field: string]: string } = {
  enable_pre_call_checks: 'prompts longer than contextTokens of an endpoint never go there',
  enable_pre_call_check: 'prompts longer than contextTokens of an endpoint never go there',
  optional_pre_call_checks: 'conversations stay with the endpoint that has their prompt cache',
  ignore_invalid_deployments: 'a configuration is checked as a whole; see switchyard config check',
  client_ttl: 'connections are kept and renewed without a setting',
};

const maxAttempts = 10;

/** Reads `router_settings`, and those of its settings that `litellm_settings` may hold as well. */
export function readRouterSettings(section: Setting | undefined, draft: ConfigDraft): void {
  if (section === undefined) return;
  for (const [field, note] of Object.entries(notes)) section.get(field)?.unsupported(note);
  for (const [field, note] of Object.entries(always)) section.get(field)?.changed(`nothing to write: ${note}`);
  readTimers(section, draft);
  readRetries(section.get('num_retries'), draft);
  readStrategy(section.get('routing_strategy'));
  readAliases(section.get('model_group_alias'), draft);
  section.get('debug_level')?.changed('log.level says how much is logged');
}

function readTimers(section: Setting, draft: ConfigDraft): void {
  const total = section.first('timeout', 'request_timeout');
  const first = section.get('stream_timeout');
  const totalMs = total && readSeconds(total);
  const firstTokenMs = first && readSeconds(first);
  if (totalMs !== undefined) {
    draft.extendTimeouts({ totalMs });
    total?.changed(`as timeouts.totalMs ${totalMs} of every host that states no longer one`);
  }
  if (firstTokenMs !== undefined) {
    draft.extendTimeouts({ firstTokenMs });
    first?.changed(`as timeouts.firstTokenMs ${firstTokenMs} of every host that states no longer one`);
  }
}

function readRetries(setting: Setting | undefined, draft: ConfigDraft): void {
  const retries = setting?.number;
  if (setting === undefined) return;
  if (retries === undefined || retries < 0) return setting.unsupported('no number from 0; policy.maxAttempts stays 4');
  for (const model of draft.models.values()) model.policy.maxAttempts ??= attemptsFor(retries, model.fallback.length);
  setting.changed(
    'as policy.maxAttempts of every model: retries, the first try and one for each fallback, at most 10; each goes to another endpoint where there is one',
  );
}

/** LiteLLM counts retries per model; we count every attempt of a request, those at fallbacks too. */
export function attemptsFor(retries: number, fallbacks: number): number {
  return Math.min(maxAttempts, Math.max(1, Math.round(retries) + 1 + fallbacks));
}

function readStrategy(setting: Setting | undefined): void {
  if (setting === undefined) return;
  if (setting.text === 'simple-shuffle') setting.kept('endpoints share by weight');
  else setting.changed('endpoints share by weight; those that fault or are rate limited come last');
}

/** `{ name: model }` or `{ name: { model, hidden } }`. */
function readAliases(section: Setting | undefined, draft: ConfigDraft): void {
  for (const [name, alias] of section?.entries() ?? []) {
    const target = alias.isObject ? alias.get('model') : alias;
    const model = target?.text;
    if (model === undefined || !draft.models.has(model)) alias.unsupported('it names no model of this configuration');
    else if (name.trim() === '') alias.unsupported('an alias needs a name');
    else if (draft.models.has(name)) alias.unsupported(`"${name}" is a model already; an alias cannot hide it`);
    else {
      draft.aliases.set(name, model);
      target?.kept(`as aliases["${name}"]`);
    }
    alias.get('hidden')?.unsupported('every alias is listed');
  }
}
