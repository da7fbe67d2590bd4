import { parseUsdAsNanos } from '../../../domain/money/money.ts';
import type { AuditRow, SkippedRecord } from '../audit-row.ts';
import { type Fields, type LogRecord, readCount } from '../reading/log-record.ts';
import { hasAny, type LogFormat } from './log-format.ts';
import { type ReportedUsage, splitUsage } from './split-usage.ts';

/** Observations of Langfuse: the export of the page, of the API, or of the scheduled export to blob storage. */
export const langfuseObservations: LogFormat = {
  id: 'langfuse-observations',
  title: 'Langfuse observations',
  columns: new Set(
    [
      'id trace_id traceId project_id projectId environment type parent_observation_id parentObservationId',
      'start_time startTime end_time endTime name metadata level status_message statusMessage version input output',
      'provided_model_name providedModelName model model_parameters modelParameters usage_details usageDetails',
      'cost_details costDetails completion_start_time completionStartTime prompt_name promptName prompt_version',
      'promptVersion total_cost totalCost latency time_to_first_token timeToFirstToken model_id modelId created_at',
      'createdAt updated_at updatedAt prompt_id promptId tool_calls tool_call_names tool_definitions toolCalls',
      'toolCallNames toolDefinitions usage_pricing_tier_id usage_pricing_tier_name usagePricingTierId',
      'usagePricingTierName user_id userId session_id sessionId trace_name traceName tags traceTags release bookmarked',
      'public input_price output_price total_price inputPrice outputPrice totalPrice usage unit inputUsage',
      'outputUsage totalUsage promptTokens completionTokens totalTokens inputTokens outputTokens calculatedInputCost',
      'calculatedOutputCost calculatedTotalCost inputCost outputCost cost internalModelId internal_model_id',
      'provided_usage_details provided_cost_details providedUsageDetails providedCostDetails traceTimestamp',
      'tokensPerSecond scores comments has_tool_calls isRootObservation is_root_observation event_ts',
    ]
      .join(' ')
      .split(' '),
  ),
  matches: (columns) =>
    hasAny(columns, ['trace_id', 'traceId']) &&
    hasAny(columns, ['start_time', 'startTime']) &&
    hasAny(columns, ['usage_details', 'usageDetails', 'usage', 'promptTokens', 'inputUsage', 'inputTokens']),
  read: (record) => readObservation(record),
};

function readObservation(record: LogRecord): readonly AuditRow[] | SkippedRecord {
  const model = record.text('provided_model_name', 'providedModelName', 'model');
  const reported = reportedUsage(record);
  if (model === undefined && reported === undefined) return { skipped: 'no model was called (spans, events, tools)' };
  const modelName = model ?? record.required('provided_model_name', 'model');
  const { buckets, invalid } = splitUsage(reported ?? { input: 0, output: 0 });
  const slash = modelName.indexOf('/');
  return [
    {
      id: record.text('id'),
      startedAtMs: record.instantMs('start_time', 'startTime'),
      hostName: slash > 0 ? modelName.slice(0, slash) : undefined,
      modelName,
      usage: { buckets, source: 'provider', ...(invalid && { invalid }) },
      calls: 1,
      outcome: record.text('level') === 'ERROR' ? 'failed' : 'answered',
      statedNanos: statedNanos(record),
      job: record.text('prompt_name', 'promptName', 'trace_name', 'traceName', 'name'),
      user: record.text('user_id', 'userId'),
      session: record.text('session_id', 'sessionId'),
      fingerprint: record.text('input') ?? nestedText(record),
    },
  ];
}

function nestedText(record: LogRecord): string | undefined {
  const input = record.json('input');
  return input === undefined ? undefined : JSON.stringify(input);
}

function statedNanos(record: LogRecord): bigint | undefined {
  const total = record.amountNanos('total_cost', 'totalCost', 'calculatedTotalCost', 'cost');
  if (total !== undefined) return total;
  const inDetails = record.fields('cost_details', 'costDetails')?.['total'];
  // Written by the exporter from a double, so its shortest form is what was written.
  return inDetails === undefined || inDetails === null ? undefined : parseUsdAsNanos(String(inDetails));
}

function reportedUsage(record: LogRecord): ReportedUsage | undefined {
  const details = record.fields('usage_details', 'usageDetails', 'usage');
  if (details && Object.keys(details).length > 0) return fromDetails(details);
  const input = record.count('inputUsage', 'promptTokens', 'inputTokens');
  const output = record.count('outputUsage', 'completionTokens', 'outputTokens');
  return input === undefined && output === undefined ? undefined : { input: input ?? 0, output: output ?? 0 };
}

type Part = Exclude<keyof ReportedUsage, 'input' | 'output'>;

/** Which bucket a usage key is; the first pattern that fits. */
const parts: readonly (readonly [RegExp, Part])[] = [
  [/cache.*(creation|write).*1h|1h.*cache/, 'cacheWrite1h'],
  [/cache.*(creation|write)/, 'cacheWrite5m'],
  [/cached|cache_read/, 'cacheRead'],
  [/reasoning|thought|thinking/, 'reasoning'],
  [/^(input|prompt).*audio/, 'audioIn'],
  [/^(output|completion).*audio/, 'audioOut'],
  [/^(input|prompt).*image/, 'imageIn'],
  [/^(output|completion).*image/, 'imageOut'],
];

/**
 * Keys beside `input` and `output` are parts that were taken out of them, unless the stated total says that input and
 * output alone make it up: then they are still inside.
 */
function fromDetails(details: Fields): ReportedUsage {
  const sums: { -readonly [Name in keyof ReportedUsage]: number } = { input: 0, output: 0 };
  let [input, output, insideInput, insideOutput] = [0, 0, 0, 0];
  for (const [key, value] of Object.entries(details)) {
    if (key === 'total' || key === 'unit' || value === null) continue;
    const units = readCount(value, key);
    if (key === 'input' || key === 'prompt_tokens' || key === 'promptTokens') input += units;
    else if (key === 'output' || key === 'completion_tokens' || key === 'completionTokens') output += units;
    else if (!key.startsWith('total')) {
      const part = parts.find(([pattern]) => pattern.test(key))?.[1];
      if (part !== undefined) sums[part] = (sums[part] ?? 0) + units;
      if (part === undefined ? key.startsWith('output') : /Out$|reasoning/.test(part)) insideOutput += units;
      else insideInput += units;
    }
  }
  const total = details['total'];
  const isInside = (insideInput > 0 || insideOutput > 0) && total !== undefined && total === input + output;
  return { ...sums, input: isInside ? input : input + insideInput, output: isInside ? output : output + insideOutput };
}
