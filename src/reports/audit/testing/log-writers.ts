/** One call of a synthetic log, from which every format is written. */
export interface SyntheticCall {
  readonly id: string;
  readonly atMs: number;
  readonly host: string;
  readonly model: string;
  /** All input, cached and written units included. */
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** All output, reasoning included. */
  readonly output: number;
  readonly reasoning: number;
  readonly user: string;
  readonly job: string;
  readonly session?: string;
  /** USD as the log states it. */
  readonly stated?: string;
  readonly outcome?: 'answered' | 'failed' | 'aborted';
  readonly prompt?: string;
}

const isoOf = (atMs: number): string => new Date(atMs).toISOString();

/** A row of the spend table as JSON. */
export function litellmRow(call: SyntheticCall): object {
  return {
    request_id: call.id,
    call_type: 'acompletion',
    api_key: 'hashed',
    spend: Number(call.stated ?? '0'),
    total_tokens: call.input + call.output,
    prompt_tokens: call.input,
    completion_tokens: call.output,
    startTime: isoOf(call.atMs),
    endTime: isoOf(call.atMs + 900),
    model: call.model,
    custom_llm_provider: call.host,
    user: '',
    end_user: call.user,
    status: call.outcome === 'failed' ? 'failure' : 'success',
    session_id: call.session ?? null,
    request_tags: [call.job, 'User-Agent: test'],
    messages: call.prompt === undefined ? {} : [{ role: 'user', content: call.prompt }],
    metadata: {
      user_api_key_alias: 'backend',
      usage_object: {
        prompt_tokens: call.input,
        completion_tokens: call.output,
        cache_read_input_tokens: call.cacheRead,
        cache_creation_input_tokens: call.cacheWrite,
        prompt_tokens_details: { cached_tokens: call.cacheRead },
        completion_tokens_details: { reasoning_tokens: call.reasoning },
      },
    },
  };
}

/** A row of the usage API. */
export function openaiResult(call: SyntheticCall): object {
  return {
    object: 'organization.usage.completions.result',
    input_tokens: call.input,
    output_tokens: call.output,
    input_cached_tokens: call.cacheRead,
    input_audio_tokens: 0,
    output_audio_tokens: 0,
    num_model_requests: 1,
    project_id: call.job,
    user_id: call.user,
    api_key_id: 'key_1',
    model: call.model,
    batch: false,
    service_tier: 'default',
  };
}

/** Pages of the usage API, as they are saved one after another. */
export function openaiPages(calls: readonly SyntheticCall[]): string {
  const data = calls.map((call) => ({
    object: 'bucket',
    start_time: Math.floor(call.atMs / 1000),
    end_time: Math.floor(call.atMs / 1000) + 60,
    results: [openaiResult(call)],
  }));
  return JSON.stringify({ object: 'page', data, has_more: false, next_page: null }, undefined, 2);
}

/** The CSV of the usage page. */
export function openaiCsv(calls: readonly SyntheticCall[]): string {
  const header =
    'start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens';
  return csv(
    header,
    calls.map((call) => [
      Math.floor(call.atMs / 1000),
      Math.floor(call.atMs / 1000) + 60,
      isoOf(call.atMs).replace('.000Z', '+00:00'),
      isoOf(call.atMs + 60_000).replace('.000Z', '+00:00'),
      call.job,
      '1.0',
      call.user,
      'key_1',
      call.model,
      'False',
      'default',
      call.input,
      `${call.output}.0`,
      call.cacheRead,
      call.input - call.cacheRead,
    ]),
  );
}

/** The CSV of the activity page. */
export function openrouterCsv(calls: readonly SyntheticCall[]): string {
  const header =
    'generation_id,created_at,cost_total,cost_web_search,cost_cache,cost_file_processing,byok_usage_inference,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,model_permaslug,provider_name,variant,cancelled,streamed,user,finish_reason_raw,finish_reason_normalized,generation_time_ms,time_to_first_token_ms,api_key_disabled,api_key_name,app_name';
  return csv(
    header,
    calls.map((call) => [
      call.id,
      isoOf(call.atMs).replace('T', ' ').replace('Z', ''),
      call.stated ?? '0',
      '0',
      '0',
      '0',
      '0',
      call.input,
      call.output,
      call.reasoning,
      call.cacheRead,
      call.model,
      'Upstream',
      'standard',
      call.outcome === 'aborted',
      true,
      call.user,
      'stop',
      call.outcome === 'failed' ? 'error' : 'stop',
      900,
      80,
      false,
      'backend',
      call.job,
    ]),
  );
}

/** A row of the export to blob storage. */
export function langfuseRow(call: SyntheticCall): object {
  const details: Record<string, number> = {
    input: call.input - call.cacheRead - call.cacheWrite,
    output: call.output - call.reasoning,
    total: call.input + call.output,
  };
  if (call.cacheRead > 0) details['input_cached_tokens'] = call.cacheRead;
  if (call.cacheWrite > 0) details['cache_creation_input_tokens'] = call.cacheWrite;
  if (call.reasoning > 0) details['output_reasoning_tokens'] = call.reasoning;
  return {
    id: call.id,
    trace_id: `trace-${call.id}`,
    type: 'GENERATION',
    start_time: isoOf(call.atMs).replace('T', ' ').replace('Z', '000'),
    end_time: null,
    name: 'chat',
    trace_name: call.job,
    user_id: call.user,
    session_id: call.session ?? '',
    level: call.outcome === 'failed' ? 'ERROR' : 'DEFAULT',
    provided_model_name: call.model,
    usage_details: details,
    total_cost: Number(call.stated ?? '0'),
    input: call.prompt ?? '',
  };
}

/** Rows as JSON lines. */
export function jsonLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** Objects as CSV, nested values as JSON text. */
export function objectsAsCsv(rows: readonly object[]): string {
  const names = Object.keys(rows[0] ?? {});
  return csv(
    names.join(','),
    rows.map((row) =>
      Object.values(row).map((value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : value)),
    ),
  );
}

function csv(header: string, rows: readonly (readonly unknown[])[]): string {
  const cell = (value: unknown): string => {
    const text = value === null || value === undefined ? '' : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header, ...rows.map((row) => row.map(cell).join(','))].join('\n') + '\n';
}
