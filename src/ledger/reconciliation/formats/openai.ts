import type { UsageBucket } from '../../../domain/rating/usage.ts';
import { RowError } from '../bill-record.ts';
import { amountCell, type BillFormat, columnSet, unitCells } from './bill-format.ts';

const host = 'openai';
const bucketColumns =
  'object start_time end_time start_time_iso end_time_iso project_id project_name user_id user_email api_key_id api_key_name organization_id organization_name';

/** The usage API and the export of the usage page: units by model and key. */
export const openaiUsage: BillFormat = {
  id: 'openai-usage',
  host,
  columns: columnSet(
    bucketColumns,
    'input_tokens output_tokens input_cached_tokens input_uncached_tokens input_audio_tokens output_audio_tokens',
    'input_text_tokens output_text_tokens input_cached_text_tokens input_cached_audio_tokens input_image_tokens',
    'input_cached_image_tokens output_image_tokens input_cache_write_tokens num_model_requests model batch service_tier',
  ),
  matches: (columns) => columns.has('start_time') && columns.has('input_tokens'),
  read(record) {
    const model = record.text('model');
    if (model === undefined) throw new RowError('model is missing: export the usage grouped by model');
    const row = {
      day: record.day('start_time_iso', 'start_time'),
      model,
      key: record.text('api_key_name', 'api_key_id') ?? '',
    };
    const input = record.units('input_tokens') ?? 0n;
    const cacheRead = record.units('input_cached_tokens') ?? 0n;
    const audioIn = record.units('input_audio_tokens') ?? 0n;
    const output = record.units('output_tokens') ?? 0n;
    const audioOut = record.units('output_audio_tokens') ?? 0n;
    if (cacheRead + audioIn > input) throw new RowError('more cached and audio input than input');
    return unitCells(row, {
      input: input - cacheRead - audioIn,
      cacheRead,
      audioIn,
      output: output - audioOut,
      audioOut,
    });
  },
};

const lineItemBuckets: readonly (readonly [RegExp, UsageBucket])[] = [
  [/cached input/i, 'cacheRead'],
  [/audio.*input|input.*audio/i, 'audioIn'],
  [/audio.*output|output.*audio/i, 'audioOut'],
  [/input/i, 'input'],
  [/output/i, 'output'],
];

/** The costs API and its export: amounts by line item, which names model and direction. */
export const openaiCosts: BillFormat = {
  id: 'openai-costs',
  host,
  columns: columnSet(bucketColumns, 'amount.value amount.currency amount_value amount_currency line_item quantity'),
  matches: (columns) => columns.has('start_time') && (columns.has('amount.value') || columns.has('amount_value')),
  read(record) {
    const lineItem = record.text('line_item');
    if (lineItem === undefined) throw new RowError('line_item is missing: export the costs grouped by line item');
    const currency = record.text('amount.currency', 'amount_currency') ?? 'usd';
    if (currency.toLowerCase() !== 'usd') throw new RowError(`the amount is in ${currency}, not in USD`);
    const amountNanos = record.nanos(['amount.value', 'amount_value']);
    if (amountNanos === undefined) throw new RowError('there is no amount');
    const [model = lineItem, ...rest] = lineItem.split(',');
    const bucket = lineItemBuckets.find(([pattern]) => pattern.test(rest.join(',')))?.[1] ?? '';
    const row = { day: record.day('start_time_iso', 'start_time'), model: model.trim(), key: '' };
    return [amountCell(row, amountNanos, bucket)];
  },
};
