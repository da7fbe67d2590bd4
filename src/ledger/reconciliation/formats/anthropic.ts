import type { UsageBucket } from '../../../domain/rating/usage.ts';
import { RowError } from '../bill-record.ts';
import { amountCell, type BillFormat, columnSet, unitCells } from './bill-format.ts';

const host = 'anthropic';
/** Amounts are in cents: 10^7 nano-USD. */
const centDigits = 7;
const bucketColumns = 'starting_at ending_at workspace_id model service_tier context_window inference_geo speed';

/** The usage report of the admin API. */
export const anthropicUsage: BillFormat = {
  id: 'anthropic-usage',
  host,
  columns: columnSet(
    bucketColumns,
    'api_key_id uncached_input_tokens cache_read_input_tokens output_tokens',
    'cache_creation.ephemeral_5m_input_tokens cache_creation.ephemeral_1h_input_tokens server_tool_use.web_search_requests',
  ),
  matches: (columns) => columns.has('starting_at') && columns.has('uncached_input_tokens'),
  read(record) {
    const model = record.text('model');
    if (model === undefined) throw new RowError('model is missing: export the usage grouped by model');
    const row = { day: record.day('starting_at'), model, key: record.text('api_key_id') ?? '' };
    return unitCells(row, {
      input: record.units('uncached_input_tokens'),
      cacheRead: record.units('cache_read_input_tokens'),
      cacheWrite5m: record.units('cache_creation.ephemeral_5m_input_tokens'),
      cacheWrite1h: record.units('cache_creation.ephemeral_1h_input_tokens'),
      output: record.units('output_tokens'),
      requests: record.units('server_tool_use.web_search_requests'),
    });
  },
};

const tokenTypes: { readonly [type: string]: UsageBucket } = {
  uncached_input_tokens: 'input',
  output_tokens: 'output',
  cache_read_input_tokens: 'cacheRead',
  'cache_creation.ephemeral_5m_input_tokens': 'cacheWrite5m',
  'cache_creation.ephemeral_1h_input_tokens': 'cacheWrite1h',
};

/** The cost report of the admin API. */
export const anthropicCosts: BillFormat = {
  id: 'anthropic-costs',
  host,
  columns: columnSet(bucketColumns, 'amount currency cost_type description token_type'),
  matches: (columns) => columns.has('starting_at') && columns.has('amount'),
  read(record) {
    const currency = record.text('currency') ?? 'USD';
    if (currency !== 'USD') throw new RowError(`the amount is in ${currency}, not in USD`);
    const amountNanos = record.nanos(['amount'], centDigits);
    if (amountNanos === undefined) throw new RowError('there is no amount');
    const model = record.text('model', 'cost_type') ?? 'other';
    const type = record.text('token_type');
    const bucket = type !== undefined && Object.hasOwn(tokenTypes, type) ? (tokenTypes[type] ?? '') : '';
    return [amountCell({ day: record.day('starting_at'), model, key: '' }, amountNanos, bucket)];
  },
};
