import type { ConfigDraft } from '../config-draft.ts';
import type { Setting } from '../setting.ts';

const otherLoggers = 'use /metrics (Prometheus), telemetry.otlpEndpoint (OpenTelemetry) or the control API instead';

/** Callbacks that stand for something the product has. */
const callbackNotes: { readonly [name: string]: string } = {
  prometheus: 'nothing to write: /metrics is always there',
  otel: 'set telemetry.otlpEndpoint to the address of the collector',
  opentelemetry: 'set telemetry.otlpEndpoint to the address of the collector',
};

const always: { readonly [field: string]: string } = {
  drop_params:
    'what an endpoint cannot carry is left out and named in x-switchyard-dropped; what changes the meaning is a 400',
  modify_params: 'bodies go through as they are; between dialects they are translated',
  turn_off_message_logging: 'prompts and answers are not recorded',
  json_logs: 'logs are JSON lines on stderr',
  redact_user_api_key_info: 'keys appear by name only',
  drop_user_agent: 'client headers are not forwarded',
};

const unsupported: { readonly [field: string]: string } = {
  force_ipv4: 'the system decides by its resolver',
  ssl_verify: 'certificates are always checked; add an authority with network.caFile',
  ssl_certificate: 'client certificates are not supported',
  key_generation_settings: 'keys stand in the configuration',
  default_key_generate_params: 'keys stand in the configuration',
  upperbound_key_generate_params: 'keys stand in the configuration',
  default_internal_user_params: 'there are no users, only keys',
  default_team_settings: 'there are no teams, only keys',
  max_budget: 'budgets are not part of this version',
  budget_duration: 'budgets are not part of this version',
  guardrails: 'guardrails are not part of this version',
  mcp_aliases: 'MCP servers are not offered',
  enable_json_schema_validation: 'the endpoint answers for structured output; see capabilities.jsonSchema',
};

/** Reads what only `litellm_settings` holds. */
export function readLitellmSettings(section: Setting | undefined, draft: ConfigDraft): void {
  if (section === undefined) return;
  for (const [field, note] of Object.entries(always)) section.get(field)?.changed(`nothing to write: ${note}`);
  for (const [field, note] of Object.entries(unsupported)) section.get(field)?.unsupported(note);
  for (const field of ['callbacks', 'success_callback', 'failure_callback', 'service_callbacks']) {
    readCallbacks(section.get(field));
  }
  readVerbosity(section.get('set_verbose'), draft);
  readCache(section, draft);
}

function readCallbacks(list: Setting | undefined): void {
  for (const item of list?.text === undefined ? (list?.items() ?? []) : [list]) {
    const note = callbackNotes[item.text ?? ''];
    if (note === undefined) item.unsupported(otherLoggers);
    else item.changed(note);
  }
}

function readVerbosity(setting: Setting | undefined, draft: ConfigDraft): void {
  if (setting === undefined) return;
  if (setting.isTrue) draft.section('log')['level'] = 'debug';
  setting.changed(setting.isTrue ? 'as log.level: debug' : 'nothing to write: log.level is info');
}

/** The response cache belongs to keys; without a key there is nobody it could be kept apart for. */
function readCache(section: Setting, draft: ConfigDraft): void {
  const cache = section.get('cache');
  const parameters = section.get('cache_params');
  const isDefaultOff = parameters?.get('mode')?.text === 'default_off';
  parameters?.unsupported('the cache is kept in memory; its size is cache.maxBytes');
  if (parameters?.get('type')?.text === 'local') parameters.get('type')?.kept('the cache is kept in memory');
  if (isDefaultOff) parameters?.get('mode')?.changed('cache stays off: turn it on at the keys that should have it');
  const ttl = parameters?.get('ttl');
  const seconds = ttl?.count;
  if (seconds !== undefined) {
    draft.section('cache')['ttlSeconds'] = seconds;
    ttl?.kept('as cache.ttlSeconds');
  }
  if (cache === undefined) return;
  const isOn = cache.isTrue && !isDefaultOff;
  if (isOn) for (const [index, key] of draft.keys.entries()) draft.keys[index] = { ...key, cache: 'all' };
  if (!isOn) cache.changed('nothing to write: the cache is off unless a key turns it on');
  else if (draft.keys.length > 0) cache.changed('as cache: all of the key; each key has its own entries');
  else cache.unsupported('the cache belongs to keys: add a key with cache: all');
}
