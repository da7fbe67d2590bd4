import type { AuditRow, RowOutcome } from '../audit-row.ts';
import type { LogRecord } from '../reading/log-record.ts';
import { hasAll, hasAny, type LogFormat } from './log-format.ts';
import { splitUsage } from './split-usage.ts';

const hostName = 'openrouter';

/** The activity page's CSV: one row per generation. */
export const openrouterActivity: LogFormat = {
  id: 'openrouter-activity',
  title: 'OpenRouter activity export',
  columns: new Set(
    [
      'generation_id created_at cost_total cost_web_search cost_cache cost_file_processing byok_usage_inference',
      'tokens_prompt tokens_completion tokens_reasoning tokens_cached tokens_cache_write model_permaslug model',
      'provider_name variant cancelled streamed user finish_reason_raw finish_reason_normalized generation_time_ms',
      'time_to_first_token_ms api_key_disabled api_key_name app_name num_search_results session_id',
    ]
      .join(' ')
      .split(' '),
  ),
  matches: (columns) =>
    hasAll(columns, ['tokens_prompt', 'tokens_completion']) && hasAny(columns, ['model_permaslug', 'model']),
  read: (record) => [readGeneration(record)],
};

function readGeneration(record: LogRecord): AuditRow {
  const { buckets, invalid } = splitUsage({
    input: record.count('tokens_prompt') ?? 0,
    output: record.count('tokens_completion') ?? 0,
    cacheRead: record.count('tokens_cached'),
    cacheWrite5m: record.count('tokens_cache_write'),
    reasoning: record.count('tokens_reasoning'),
    requests: record.count('num_search_results') === undefined ? undefined : webSearches(record),
  });
  return {
    id: record.text('generation_id'),
    startedAtMs: record.instantMs('created_at'),
    hostName,
    modelName: withVariant(record.required('model_permaslug', 'model'), record.text('variant')),
    usage: { buckets, source: 'provider', ...(invalid && { invalid }) },
    calls: 1,
    outcome: outcomeOf(record),
    statedNanos: record.amountNanos('cost_total'),
    job: record.text('app_name'),
    user: record.text('user'),
    key: record.text('api_key_name'),
    session: record.text('session_id'),
  };
}

/** Only searches that were charged for count as units; the export tells how many results came, not how many searches. */
function webSearches(record: LogRecord): number {
  return (record.amountNanos('cost_web_search') ?? 0n) > 0n ? 1 : 0;
}

/** A variant such as `free` has a price of its own under the name `model:free`. */
function withVariant(model: string, variant: string | undefined): string {
  return variant === undefined || variant === 'standard' || model.includes(':') ? model : `${model}:${variant}`;
}

function outcomeOf(record: LogRecord): RowOutcome {
  if (record.flag('cancelled')) return 'aborted';
  return record.text('finish_reason_normalized', 'finish_reason_raw') === 'error' ? 'failed' : 'answered';
}

/** The activity API: sums by day, model and provider. */
export const openrouterDailyActivity: LogFormat = {
  id: 'openrouter-daily-activity',
  title: 'OpenRouter activity by day',
  columns: new Set(
    [
      'date model model_permaslug endpoint_id provider_name usage byok_usage_inference requests prompt_tokens',
      'completion_tokens reasoning_tokens api_key_id workspace_id byok_requests',
    ]
      .join(' ')
      .split(' '),
  ),
  matches: (columns) => hasAll(columns, ['date', 'model_permaslug', 'requests', 'prompt_tokens']),
  read(record) {
    const calls = record.count('requests') ?? 1;
    const { buckets, invalid } = splitUsage({
      input: record.count('prompt_tokens') ?? 0,
      output: record.count('completion_tokens') ?? 0,
      reasoning: record.count('reasoning_tokens'),
    });
    return [
      {
        startedAtMs: record.instantMs('date'),
        hostName,
        modelName: record.required('model_permaslug', 'model'),
        usage: { buckets, source: 'provider', ...(invalid && { invalid }) },
        calls,
        ...(calls !== 1 && { isSum: true }),
        outcome: 'answered',
        statedNanos: record.amountNanos('usage'),
      },
    ];
  },
};
