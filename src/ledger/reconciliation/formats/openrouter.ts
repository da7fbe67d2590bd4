import { RowError } from '../bill-record.ts';
import { amountCell, type BillFormat, columnSet, unitCells } from './bill-format.ts';

/** The activity of the account, by day or by generation, as JSON or CSV. */
export const openrouterActivity: BillFormat = {
  id: 'openrouter-activity',
  host: 'openrouter',
  columns: columnSet(
    'date created_at model model_permaslug variant endpoint_id provider_name provider generation_id app_name',
    'usage cost_total cost_web_search cost_cache cost_file_processing byok_usage_inference requests api_key_name',
    'prompt_tokens completion_tokens reasoning_tokens tokens_prompt tokens_completion tokens_reasoning tokens_cached',
    'generation_time_ms time_to_first_token_ms finish_reason_normalized finish_reason_raw cancelled streamed user',
    'num_media_prompt num_media_completion num_search_results byok',
  ),
  matches: (columns) =>
    (columns.has('date') && columns.has('prompt_tokens')) ||
    (columns.has('created_at') && columns.has('tokens_prompt')),
  read(record) {
    const model = record.text('model_permaslug', 'model');
    if (model === undefined) throw new RowError('there is no model');
    const row = { day: record.day('date', 'created_at'), model, key: record.text('api_key_name') ?? '' };
    const input = record.units('prompt_tokens', 'tokens_prompt') ?? 0n;
    const cacheRead = record.units('tokens_cached') ?? 0n;
    const completion = record.units('completion_tokens', 'tokens_completion') ?? 0n;
    const reasoning = record.units('reasoning_tokens', 'tokens_reasoning') ?? 0n;
    // Some exports count reasoning among the completion, some beside it.
    const output = reasoning <= completion ? completion - reasoning : completion;
    const amountNanos = record.nanos(['usage', 'cost_total']);
    if (amountNanos === undefined) throw new RowError('there is no usage or cost_total');
    if (cacheRead > input) throw new RowError('more cached tokens than prompt tokens');
    return [
      ...unitCells(row, { input: input - cacheRead, cacheRead, output, reasoning }),
      amountCell(row, amountNanos),
    ];
  },
};
