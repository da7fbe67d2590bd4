import { type AuditRow, RowProblem, type SkippedRecord } from '../audit-row.ts';
import { isFields, JsonRecord, type LogRecord } from '../reading/log-record.ts';
import { hasAll, hasAny, type LogFormat } from './log-format.ts';
import { splitUsage } from './split-usage.ts';

const hostName = 'openai';

/** The usage API's buckets as JSON, and the CSV of the usage page: sums over a minute, an hour or a day. */
export const openaiUsage: LogFormat = {
  id: 'openai-usage',
  title: 'OpenAI usage export',
  columns: new Set(
    [
      'object start_time end_time start_time_iso end_time_iso results project_id project_name num_model_requests',
      'user_id user_email api_key_id api_key_name model batch service_tier api_source organization_id',
      'organization_name input_tokens output_tokens input_cached_tokens input_uncached_tokens',
      'input_cache_write_tokens input_text_tokens output_text_tokens input_cached_text_tokens input_audio_tokens',
      'input_cached_audio_tokens output_audio_tokens input_image_tokens input_cached_image_tokens',
      'output_image_tokens has_more next_page',
    ]
      .join(' ')
      .split(' '),
  ),
  matches: (columns) =>
    hasAll(columns, ['start_time', 'end_time']) &&
    hasAny(columns, ['results', 'input_tokens', 'num_model_requests', 'start_time_iso']),
  read(record) {
    const startedAtMs = record.instantMs('start_time_iso', 'start_time');
    const results = record.json('results');
    if (results === undefined) return readResult(record, startedAtMs);
    if (!Array.isArray(results)) throw new RowProblem('results is no list');
    const rows: AuditRow[] = [];
    for (const result of results) {
      if (!isFields(result)) throw new RowProblem('results holds something that is no object');
      const read = readResult(new JsonRecord(result, ''), startedAtMs);
      if ('skipped' in read) {
        if (results.length === 1) return read;
      } else rows.push(...read);
    }
    return rows.length > 0 ? rows : { skipped: 'nothing was used in this stretch of time' };
  },
};

function readResult(record: LogRecord, startedAtMs: number): readonly AuditRow[] | SkippedRecord {
  const kind = record.text('object');
  if (kind !== undefined && !/usage\.(completions|embeddings|moderations)\.result$/.test(kind)) {
    if (kind.includes('costs')) throw new RowProblem('this is the costs export; the audit reads the usage export');
    return { skipped: `${kind.replace(/^organization\.usage\.|\.result$/g, '')}, which are not billed by token` };
  }
  const input = record.count('input_tokens');
  const output = record.count('output_tokens');
  if (!input && !output) return { skipped: 'nothing was used in this stretch of time' };
  const calls = record.count('num_model_requests') ?? 1;
  const model = record.text('model');
  if (model === undefined) throw new RowProblem('model is missing: export the usage grouped by model');
  const { buckets, invalid } = splitUsage({
    input: input ?? 0,
    output: output ?? 0,
    cacheRead: record.count('input_cached_text_tokens', 'input_cached_tokens'),
    cacheWrite5m: record.count('input_cache_write_tokens'),
    audioIn: record.count('input_audio_tokens'),
    imageIn: record.count('input_image_tokens'),
    audioOut: record.count('output_audio_tokens'),
    imageOut: record.count('output_image_tokens'),
  });
  const servedTier = record.text('service_tier');
  const batch = record.flag('batch');
  return [
    {
      startedAtMs,
      hostName,
      modelName: model,
      usage: {
        buckets,
        source: 'provider',
        ...(invalid && { invalid }),
        ...(servedTier !== undefined && { servedTier }),
      },
      calls,
      ...(calls !== 1 && { isSum: true }),
      outcome: 'answered',
      job: record.text('project_name', 'project_id'),
      user: record.text('user_email', 'user_id'),
      key: record.text('api_key_name', 'api_key_id'),
      ...(batch && { batch }),
    },
  ];
}

/** The older activity export of the same dashboard, with figures named `n_context_tokens_total`. */
export const openaiActivity: LogFormat = {
  id: 'openai-activity',
  title: 'OpenAI activity export (older form)',
  columns: new Set(
    [
      'timestamp aggregation_timestamp date usage_date organization_id organization_name n_requests num_requests',
      'operation snapshot_id model n_context_tokens_total n_generated_tokens_total n_cached_context_tokens_total',
      'email user user_id api_key_id api_key_name api_key_redacted api_key_type project_id project_name request_type',
      'service_tier batch cost amount currency',
    ]
      .join(' ')
      .split(' '),
  ),
  matches: (columns) => hasAll(columns, ['n_context_tokens_total', 'n_generated_tokens_total']),
  read(record) {
    const calls = record.count('n_requests', 'num_requests') ?? 1;
    const { buckets, invalid } = splitUsage({
      input: record.count('n_context_tokens_total') ?? 0,
      output: record.count('n_generated_tokens_total') ?? 0,
      cacheRead: record.count('n_cached_context_tokens_total'),
    });
    return [
      {
        startedAtMs: record.instantMs('aggregation_timestamp', 'timestamp', 'usage_date', 'date'),
        hostName,
        modelName: record.required('snapshot_id', 'model'),
        usage: { buckets, source: 'provider', ...(invalid && { invalid }) },
        calls,
        ...(calls !== 1 && { isSum: true }),
        outcome: 'answered',
        statedNanos: record.amountNanos('cost', 'amount'),
        job: record.text('project_name', 'project_id'),
        user: record.text('email', 'user', 'user_id'),
        key: record.text('api_key_name', 'api_key_redacted'),
        ...(record.flag('batch') && { batch: true }),
      },
    ];
  },
};
