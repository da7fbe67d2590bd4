import type { UsageBucket } from '../../../domain/rating/usage.ts';
import { RowError } from '../bill-record.ts';
import type { BillFormat } from './bill-format.ts';

const services = /bedrock/i;
const usageColumns = {
  start: ['lineItem/UsageStartDate', 'line_item_usage_start_date'],
  product: ['lineItem/ProductCode', 'line_item_product_code', 'product/ProductName', 'product_product_name'],
  type: ['lineItem/UsageType', 'line_item_usage_type'],
  amount: ['lineItem/UsageAmount', 'line_item_usage_amount'],
  cost: ['lineItem/UnblendedCost', 'line_item_unblended_cost'],
  currency: ['lineItem/CurrencyCode', 'line_item_currency_code'],
  unit: ['pricing/unit', 'pricing_unit'],
  model: ['product/model', 'product_model'],
  line: ['lineItem/LineItemType', 'line_item_line_item_type'],
} as const;

const buckets: readonly (readonly [RegExp, UsageBucket])[] = [
  [/cache-?_?read/i, 'cacheRead'],
  [/cache-?_?write/i, 'cacheWrite5m'],
  [/input/i, 'input'],
  [/output/i, 'output'],
];

/** Cost and Usage Reports, in both spellings of their columns; only rows of Bedrock are compared. */
export const awsCostAndUsage: BillFormat = {
  id: 'aws-cur',
  host: 'bedrock',
  columns: new Set(Object.values(usageColumns).flat()),
  matches: (columns) =>
    usageColumns.type.some((column) => columns.has(column)) && usageColumns.cost.some((column) => columns.has(column)),
  read(record) {
    if (!services.test(record.text(...usageColumns.product) ?? '')) return [];
    const currency = record.text(...usageColumns.currency) ?? 'USD';
    if (currency !== 'USD') throw new RowError(`the cost is in ${currency}, not in USD`);
    const type = record.text(...usageColumns.type);
    const amountNanos = record.nanos(usageColumns.cost);
    if (type === undefined) throw new RowError(`there is no ${usageColumns.type[0]}`);
    if (amountNanos === undefined) throw new RowError(`there is no ${usageColumns.cost[0]}`);
    const bucket = buckets.find(([pattern]) => pattern.test(type))?.[1] ?? '';
    const perThousand = /1k/i.test(record.text(...usageColumns.unit) ?? '');
    const units = bucket === '' ? undefined : record.scaled(usageColumns.amount, perThousand ? 3 : 0);
    const model = record.text(...usageColumns.model) ?? modelOf(type);
    return [{ day: record.day(...usageColumns.start), model, key: '', bucket, units: units ?? null, amountNanos }];
  },
};

/** `USE1-Claude3Sonnet-input-tokens` is about `Claude3Sonnet`. */
function modelOf(usageType: string): string {
  const model = usageType.replace(/^[A-Z]{2,4}[0-9]?-/, '').replace(/[-_](input|output|cache).*$/i, '');
  return model === '' ? usageType : model;
}
