import { parsePricePerMillion } from '../../../../domain/money/money.ts';
import type { UsageBucket } from '../../../../domain/rating/usage.ts';
import type { EndpointDraft } from '../config-draft.ts';
import type { Setting } from '../setting.ts';
import { shiftDecimal } from '../shift-decimal.ts';

/** Per-unit prices of LiteLLM and the usage bucket each belongs to. */
const priceFields: { readonly [field: string]: UsageBucket } = {
  input_cost_per_token: 'input',
  output_cost_per_token: 'output',
  cache_read_input_token_cost: 'cacheRead',
  cache_creation_input_token_cost: 'cacheWrite5m',
  cache_creation_input_token_cost_above_1hr: 'cacheWrite1h',
  output_cost_per_reasoning_token: 'reasoning',
  input_cost_per_audio_token: 'audioIn',
  output_cost_per_audio_token: 'audioOut',
  input_cost_per_image_token: 'imageIn',
  output_cost_per_image_token: 'imageOut',
  input_cost_per_request: 'requests',
};

const capabilityFields: { readonly [field: string]: string } = {
  supports_function_calling: 'tools',
  supports_vision: 'images',
  supports_audio_input: 'audio',
  supports_pdf_input: 'documents',
  supports_response_schema: 'jsonSchema',
  supports_reasoning: 'reasoning',
  supports_assistant_prefill: 'assistantPrefill',
};

const perMillionPlaces = 6;

/** Reads prices, limits and capabilities; they may stand in `model_info` and in `litellm_params`. */
export function readModelInfo(info: Setting | undefined, params: Setting): Partial<EndpointDraft> {
  const sources = [info, params].filter((one) => one !== undefined);
  const price = Object.assign({}, ...sources.map(readPrices));
  const capabilities = info === undefined ? {} : readCapabilities(info);
  const context = info?.first('max_input_tokens', 'context_window');
  const output = info?.get('max_output_tokens');
  const total = info?.get('max_tokens');
  const contextTokens = context && readTokens(context, 'contextTokens');
  const maxOutputTokens = output && readTokens(output, 'maxOutputTokens');
  const fromTotal = total && maxOutputTokens === undefined ? readTokens(total, 'maxOutputTokens') : undefined;
  if (total !== undefined && maxOutputTokens !== undefined) total.changed('max_output_tokens says it more exactly');
  markRest(info);
  return {
    ...(Object.keys(price).length > 0 && { price }),
    ...(contextTokens !== undefined && { contextTokens }),
    ...((maxOutputTokens ?? fromTotal) !== undefined && { maxOutputTokens: maxOutputTokens ?? fromTotal }),
    ...(Object.keys(capabilities).length > 0 && { capabilities }),
  };
}

function readPrices(source: Setting): { [Bucket in UsageBucket]?: string } {
  const price: { [Bucket in UsageBucket]?: string } = {};
  for (const [field, bucket] of Object.entries(priceFields)) {
    const setting = source.get(field);
    if (setting === undefined) continue;
    const text = shiftDecimal(setting.text ?? '', perMillionPlaces);
    const parsed = text === undefined ? undefined : parsePricePerMillion(text);
    if (text === undefined || parsed === undefined) {
      setting.unsupported('no price that could be read exactly; write it in USD per million units under price');
    } else if (parsed.picosPerToken === 0n && !parsed.exact) {
      setting.unsupported('less than one pico-USD for a unit, the smallest price that can be counted');
    } else {
      price[bucket] = text;
      setting.changed(
        `as price.${bucket}: ${text} USD per million units${parsed.exact ? '' : ', rounded below one pico-USD'}`,
      );
    }
  }
  return price;
}

/** Only a stated no excludes an endpoint, so only that is written. */
function readCapabilities(info: Setting): Record<string, boolean> {
  const capabilities: Record<string, boolean> = {};
  for (const [field, capability] of Object.entries(capabilityFields)) {
    const setting = info.get(field);
    if (setting === undefined) continue;
    if (setting.value === false) {
      capabilities[capability] = false;
      setting.kept(`as capabilities.${capability}: false`);
    } else {
      setting.changed('nothing needs to be written: an endpoint can do whatever is not said to be impossible');
    }
  }
  return capabilities;
}

function readTokens(setting: Setting, field: string): number | undefined {
  const { count } = setting;
  if (count === undefined) {
    setting.unsupported(`no whole number; write ${field} at the endpoint`);
    return undefined;
  }
  setting.kept(`as ${field} of the endpoint`);
  return count;
}

/** Marks what describes a deployment to LiteLLM's own pages and has no meaning here. */
function markRest(info: Setting | undefined): void {
  info?.get('mode')?.changed('nothing needs to be written: the route that a client calls says what is wanted');
  info?.get('id')?.changed('endpoints are named host/model; nothing needs to be written');
  info?.get('base_model')?.unsupported('prices are not looked up by another name: write price at the endpoint');
  for (const field of ['team_id', 'team_public_model_name', 'access_groups']) {
    info?.get(field)?.unsupported('who may use a model is said at the key: list models under keys');
  }
  for (const field of ['input_cost_per_second', 'output_cost_per_second', 'input_cost_per_character']) {
    info?.get(field)?.unsupported('prices by time or character are not supported; the cost is then marked as unknown');
  }
}
