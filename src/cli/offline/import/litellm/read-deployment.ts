import type { DraftTimeouts, EndpointDraft } from '../config-draft.ts';
import { type ImportContext, readSeconds } from '../import-context.ts';
import { formatSettingPath } from '../import-report.ts';
import type { Setting } from '../setting.ts';
import { DeploymentParams } from './deployment-params.ts';
import { splitModel } from './provider-prefixes.ts';
import { readHost } from './read-host.ts';
import { readModelInfo } from './read-model-info.ts';
import { importWildcard } from './read-wildcard.ts';

/** A deployment with the settings that decide its share of the traffic. */
export interface Deployment {
  readonly modelName: string;
  readonly endpoint: EndpointDraft;
  readonly shares: { readonly [Name in 'weight' | 'rpm' | 'tpm']?: Setting };
  readonly retries: number | undefined;
}

const sampling = 'no parameters are added to requests: let the client send it';
const perKey = 'limits hold per key: keys[].limits';

/** What parameters of a deployment have no place, each with what to do instead. */
const unsupportedParams: { readonly [field: string]: string } = {
  max_parallel_requests: `there is no limit per endpoint; ${perKey}.concurrent`,
  max_budget: 'budgets are not part of this version',
  budget_duration: 'budgets are not part of this version',
  order: 'put the later ones into a model of their own and name it under fallback',
  tags: 'there is no routing by tags: give the deployments a model name of their own',
  mock_response: 'for answers without a provider use the simulated models sim/*',
  use_in_pass_through: 'there is no raw pass-through route per provider',
  configurable_clientside_auth_params: 'clients cannot choose credentials or addresses',
  drop_params: 'fields that an endpoint cannot carry are always left out and named in x-switchyard-dropped',
  additional_drop_params: 'fields that an endpoint cannot carry are left out and named in x-switchyard-dropped',
  allowed_openai_params: 'unknown fields always pass through',
  merge_reasoning_content_in_choices: 'reasoning keeps its own field',
  cooldown_time: 'the circuit breaker has fixed times; hosts that say Retry-After are obeyed',
};

const samplingParams = ['temperature', 'top_p', 'top_k', 'max_tokens', 'max_completion_tokens', 'stop', 'seed', 'n'];
const otherParams = ['extra_body', 'presence_penalty', 'frequency_penalty', 'reasoning_effort', 'thinking', 'user'];

/** Reads one entry of `model_list`; undefined when it becomes no endpoint, which the report then explains. */
export function readDeployment(
  entry: Setting,
  credentials: ReadonlyMap<string, Setting>,
  context: ImportContext,
): Deployment | undefined {
  const name = entry.get('model_name');
  const own = entry.get('litellm_params');
  const model = own?.get('model');
  if (name?.text === undefined || own === undefined || model?.text === undefined) {
    entry.unsupported('an entry needs model_name and litellm_params.model; it is left out');
    return undefined;
  }
  const params = new DeploymentParams(own, sharedOf(own, credentials));
  markUnsupported(own);
  const customProvider = own.get('custom_llm_provider');
  customProvider?.kept('chooses the host');
  const split = splitModel(model.text, customProvider?.text, params.get('api_base', 'base_url') !== undefined);
  const { prefix } = split;
  if (prefix === undefined) {
    explainForeign(entry, split.provider);
    return undefined;
  }
  const target = { ...splitRegion(split.model, prefix.protocol), prefix, params, modelName: name.text };
  const host = context.draft.host(readHost(target, context), readTimeouts(own));
  const info = readModelInfo(entry.get('model_info'), own);
  if (split.model.includes('*') || name.text.includes('*')) {
    importWildcard({ name, model, host, upstream: split.model }, context);
    return undefined;
  }
  name.kept(`as models["${name.text}"]`);
  model.changed(`as ${host}/${target.model}${split.isGuess ? ', the host was guessed from the name' : ''}`);
  return {
    modelName: name.text,
    endpoint: { host, model: target.model, ...info },
    shares: sharesOf(own),
    retries: readRetries(own),
  };
}

/** The credential named by a deployment, from the list of them. */
function sharedOf(own: Setting, credentials: ReadonlyMap<string, Setting>): Setting | undefined {
  const name = own.get('litellm_credential_name');
  const shared = credentials.get(name?.text ?? '');
  if (shared === undefined) name?.unsupported('there is no credential of this name in credential_list');
  else name?.kept(`the values of ${formatSettingPath(shared.path)} are used`);
  return shared;
}

function explainForeign(entry: Setting, provider: string | undefined): void {
  const reason =
    provider === undefined
      ? 'its provider cannot be told from the name: write provider/model, or an api_base'
      : `"${provider}" has no protocol that is spoken here; use a host with an OpenAI-compatible address`;
  entry.unsupported(`${reason}. The whole entry is left out`);
}

/** `converse/`, `invoke/` and a region may stand before the name of a Bedrock model. */
function splitRegion(model: string, protocol: string): { model: string; region: string | undefined } {
  if (protocol !== 'bedrock') return { model, region: undefined };
  const rest = model.replace(/^(converse|invoke|converse_like)\//, '');
  const region = /^([a-z]{2}(?:-[a-z]+)+-\d)\//.exec(rest)?.[1];
  return { model: region === undefined ? rest : rest.slice(region.length + 1), region };
}

function readTimeouts(params: Setting): DraftTimeouts {
  const total = params.first('timeout', 'request_timeout');
  const first = params.get('stream_timeout');
  const totalMs = total && readSeconds(total);
  const firstTokenMs = first && readSeconds(first);
  if (totalMs !== undefined)
    total?.changed(`as timeouts.totalMs ${totalMs} of the host; the longest of its endpoints holds`);
  if (firstTokenMs !== undefined) first?.changed(`as timeouts.firstTokenMs ${firstTokenMs} of the host`);
  return { ...(totalMs !== undefined && { totalMs }), ...(firstTokenMs !== undefined && { firstTokenMs }) };
}

function sharesOf(params: Setting): Deployment['shares'] {
  const { weight, rpm, tpm } = { weight: params.get('weight'), rpm: params.get('rpm'), tpm: params.get('tpm') };
  rpm?.unsupported(`requests per minute are not limited per endpoint: its 429 cools it; ${perKey}.requestsPerMinute`);
  tpm?.unsupported(`tokens per minute are not limited per endpoint: its 429 cools it; ${perKey}.tokensPerMinute`);
  return { ...(weight && { weight }), ...(rpm && { rpm }), ...(tpm && { tpm }) };
}

function readRetries(params: Setting): number | undefined {
  const setting = params.first('num_retries', 'max_retries');
  const retries = setting?.number;
  if (retries === undefined) return undefined;
  setting?.changed('as policy.maxAttempts of the model, which counts all endpoints together');
  return retries;
}

function markUnsupported(params: Setting): void {
  for (const [field, note] of Object.entries(unsupportedParams)) params.get(field)?.unsupported(note);
  for (const field of [...samplingParams, ...otherParams]) params.get(field)?.unsupported(sampling);
}
