import type { AuditRow, RowOutcome } from '../audit-row.ts';
import { type Fields, isFields, type LogRecord, readCount } from '../reading/log-record.ts';
import { hasAll, type LogFormat } from './log-format.ts';
import { splitUsage } from './split-usage.ts';

/** The table `LiteLLM_SpendLogs`, exported from its database or from the proxy's spend routes. */
export const litellmSpendLogs: LogFormat = {
  id: 'litellm-spend-logs',
  title: 'LiteLLM spend logs',
  columns: new Set(
    [
      'request_id call_type api_key spend total_tokens prompt_tokens completion_tokens startTime endTime',
      'completionStartTime model model_id model_group custom_llm_provider api_base user metadata cache_hit cache_key',
      'request_tags team_id organization_id agent_id end_user requester_ip_address messages response session_id status',
      'mcp_namespaced_tool_name proxy_server_request request_duration_ms project_id key_alias user_email',
      'error_information cache_read_input_tokens cache_creation_input_tokens created_at updated_at',
    ]
      .join(' ')
      .split(' '),
  ),
  matches: (columns) => hasAll(columns, ['request_id', 'spend', 'prompt_tokens', 'startTime']),
  read(record) {
    const model = record.text('model', 'model_group');
    if (model === undefined) return { skipped: 'no model was called' };
    return [readRow(record, model)];
  },
};

function readRow(record: LogRecord, model: string): AuditRow {
  const metadata = record.fields('metadata') ?? {};
  return {
    id: record.text('request_id'),
    startedAtMs: record.instantMs('startTime'),
    hostName: record.text('custom_llm_provider'),
    modelName: model,
    usage: usageOf(record, metadata),
    calls: 1,
    outcome: outcomeOf(record, metadata),
    statedNanos: record.amountNanos('spend'),
    job: jobOf(record, metadata),
    user: record.text('end_user', 'user') ?? textOf(metadata['user_api_key_user_id']),
    key: record.text('key_alias') ?? textOf(metadata['user_api_key_alias']) ?? record.text('api_key'),
    session: record.text('session_id'),
    fingerprint: fingerprintOf(record),
  };
}

function usageOf(record: LogRecord, metadata: Fields): AuditRow['usage'] {
  const reported = fieldsOf(metadata['usage_object']) ?? fieldsOf(metadata['additional_usage_values']) ?? {};
  const inputDetails = fieldsOf(reported['prompt_tokens_details']) ?? {};
  const outputDetails = fieldsOf(reported['completion_tokens_details']) ?? {};
  const written = fieldsOf(inputDetails['cache_creation_token_details']) ?? {};
  const cacheWrite1h = units(written, 'ephemeral_1h_input_tokens') ?? 0;
  const cacheWrite =
    units(reported, 'cache_creation_input_tokens') ??
    units(inputDetails, 'cache_creation_tokens') ??
    record.count('cache_creation_input_tokens') ??
    0;
  const { buckets, invalid } = splitUsage({
    input: record.count('prompt_tokens') ?? 0,
    output: record.count('completion_tokens') ?? 0,
    // Hosts report reads under either name, and both at once mean the same units.
    cacheRead:
      units(reported, 'cache_read_input_tokens') ||
      units(inputDetails, 'cached_tokens') ||
      record.count('cache_read_input_tokens'),
    cacheWrite5m: Math.max(0, cacheWrite - cacheWrite1h),
    cacheWrite1h,
    audioIn: units(inputDetails, 'audio_tokens'),
    imageIn: units(inputDetails, 'image_tokens'),
    reasoning: units(outputDetails, 'reasoning_tokens'),
    audioOut: units(outputDetails, 'audio_tokens'),
    imageOut: units(outputDetails, 'image_tokens'),
  });
  const servedTier = textOf(reported['service_tier']);
  return { buckets, source: 'provider', ...(invalid && { invalid }), ...(servedTier !== undefined && { servedTier }) };
}

function outcomeOf(record: LogRecord, metadata: Fields): RowOutcome {
  if (record.flag('cache_hit')) return 'cached';
  const status = record.text('status') ?? textOf(metadata['status']) ?? 'success';
  if (status === 'failure' || status === 'error') return 'failed';
  return status === 'cancelled' || status === 'aborted' ? 'aborted' : 'answered';
}

/** A tag names the job; the user agent is one too, but says nothing about the work. */
function jobOf(record: LogRecord, metadata: Fields): string | undefined {
  const tags = record.json('request_tags');
  const tag = Array.isArray(tags)
    ? tags.find((one) => typeof one === 'string' && !one.startsWith('User-Agent') && !one.startsWith('Credential'))
    : undefined;
  return textOf(tag) ?? textOf(metadata['user_api_key_team_alias']) ?? record.text('team_id');
}

function fingerprintOf(record: LogRecord): string | undefined {
  const asked = record.json('proxy_server_request', 'messages');
  if (typeof asked === 'object' && asked !== null && Object.keys(asked).length > 0) {
    const body = isFields(asked) ? (fieldsOf(asked['body']) ?? asked) : asked;
    return JSON.stringify(body);
  }
  const cacheKey = record.text('cache_key');
  return cacheKey === 'Cache OFF' ? undefined : cacheKey;
}

function fieldsOf(value: unknown): Fields | undefined {
  return isFields(value) ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function units(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  return value === undefined || value === null ? undefined : readCount(value, name);
}
