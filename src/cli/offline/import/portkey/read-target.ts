import { type DraftAuth, type EndpointDraft, type HostDraft, toTimerMs } from '../config-draft.ts';
import { type ImportContext, readBaseUrl, readHeaders, readLiteral, readReference } from '../import-context.ts';
import type { Setting } from '../setting.ts';
import { toVariable } from '../secret-vault.ts';
import { findPortkeyProvider, type PortkeyProvider } from './provider-names.ts';

/** Settings of a target, its own before those of the strategies around it. Both spellings of a name are found. */
export class TargetSettings {
  readonly own: Setting;
  readonly #outer: TargetSettings | undefined;

  constructor(own: Setting, outer?: TargetSettings) {
    this.own = own;
    this.#outer = outer;
  }

  /** Own settings only: what names a provider or its credentials is not inherited. */
  get(name: string): Setting | undefined {
    return this.own.first(name, toCamelCase(name));
  }

  inherited(name: string): Setting | undefined {
    return this.get(name) ?? this.#outer?.inherited(name);
  }
}

function toCamelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

/** Reads a target without targets of its own; undefined when it becomes no endpoint, which the report explains. */
export function readTarget(settings: TargetSettings, context: ImportContext): EndpointDraft | undefined {
  const slug = settings.get('provider') ?? settings.get('virtual_key');
  const model = settings.inherited('override_params')?.get('model') ?? settings.get('azure_deployment_id');
  const atModel = /^@([^/]+)\/(.+)$/.exec(model?.text ?? '');
  const name = (slug?.text ?? atModel?.[1] ?? '').replace(/^@/, '');
  const provider = findPortkeyProvider(name);
  if (provider === undefined) {
    const reason = `which provider "${name}" is cannot be told from the name: write the host and its endpoint by hand`;
    settings.own.unsupported(`${reason}. The whole target is left out`);
    return undefined;
  }
  const timeout = settings.inherited('request_timeout');
  const stated = timeout?.number;
  const totalMs = stated !== undefined && stated > 0 ? toTimerMs(stated) : undefined;
  if (totalMs === undefined) timeout?.unsupported('no positive number of milliseconds; the default applies');
  else timeout?.changed(`as timeouts.totalMs ${totalMs} of the host`);
  const draft = readHost(settings, { provider, name }, context);
  const host = context.draft.host(draft, totalMs === undefined ? {} : { totalMs });
  markIdentity(settings, host);
  const upstream = settings.get('azure_deployment_id')?.text ?? atModel?.[2] ?? model?.text;
  if (upstream === undefined) {
    slug?.changed(`host ${host}: no model is stated, so ask for ${host}/MODEL`);
    return undefined;
  }
  model?.changed(`as ${host}/${upstream}`);
  return { host, model: upstream };
}

function markIdentity(settings: TargetSettings, host: string): void {
  settings.get('provider')?.kept(`host ${host}`);
  settings
    .get('virtual_key')
    ?.changed(`its secret is at Portkey and cannot be exported: put it into the variable named at the host ${host}`);
}

interface Identity {
  readonly provider: PortkeyProvider;
  /** As the input calls it. */
  readonly name: string;
}

function readHost(settings: TargetSettings, identity: Identity, context: ImportContext): HostDraft {
  const { provider } = identity;
  const known = context.draft.knownHost(provider.host);
  const address = settings.get('custom_host');
  const baseUrl = address === undefined ? known?.baseUrl : readBaseUrl(address, '/v1', context);
  const isCustom = address !== undefined && provider.host === 'openai';
  const plain: HostDraft = {
    name: isCustom ? `${provider.host}-custom` : provider.host,
    protocol: provider.protocol,
    baseUrl,
    apiKey: readKey(settings, identity, context),
    auth: undefined,
    headers: readHeaders(settings.get('headers'), context),
  };
  if (provider.protocol === 'azure-openai') return azureHost(settings, plain, context);
  if (provider.protocol === 'bedrock') return bedrockHost(settings, plain, context);
  if (provider.protocol === 'vertex') return vertexHost(settings, plain, context);
  return plain;
}

function readKey(settings: TargetSettings, { provider, name }: Identity, context: ImportContext): string {
  const usual = context.draft.knownHost(provider.host)?.keyEnv[0] ?? `${toVariable(provider.host)}_API_KEY`;
  const key = settings.get('api_key');
  const isSlug = settings.get('provider')?.text?.startsWith('@') === true;
  const slug = settings.get('virtual_key')?.text ?? (isSlug ? name : undefined);
  const variable = slug === undefined ? usual : `${toVariable(slug)}_API_KEY`;
  return (key && readReference(key, variable, context)) ?? `env:${variable}`;
}

function azureHost(settings: TargetSettings, plain: HostDraft, context: ImportContext): HostDraft {
  const resource = settings.get('azure_resource_name') ?? settings.get('resource_name');
  const version = settings.get('azure_api_version') ?? settings.get('api_version');
  const named = (resource && readLiteral(resource, 'replace-resource', context)) ?? 'replace-resource';
  const apiVersion = (version && readLiteral(version, 'REPLACE-API-VERSION', context)) ?? '2024-10-21';
  const auth: DraftAuth = { type: 'azure', apiVersion, ...(plain.apiKey !== undefined && { apiKey: plain.apiKey }) };
  const baseUrl = plain.baseUrl ?? `https://${named}.openai.azure.com`;
  return { ...plain, name: named, baseUrl, apiKey: undefined, auth };
}

function bedrockHost(settings: TargetSettings, plain: HostDraft, context: ImportContext): HostDraft {
  const stated = settings.get('aws_region');
  const region = (stated && readLiteral(stated, 'us-east-1', context)) ?? 'us-east-1';
  const reference = (field: string): string | undefined => {
    const setting = settings.get(field);
    return setting && readReference(setting, toVariable(field), context);
  };
  const sessionToken = reference('aws_session_token');
  const auth: DraftAuth = {
    type: 'aws',
    region,
    accessKeyId: reference('aws_access_key_id') ?? 'env:AWS_ACCESS_KEY_ID',
    secretAccessKey: reference('aws_secret_access_key') ?? 'env:AWS_SECRET_ACCESS_KEY',
    ...(sessionToken !== undefined && { sessionToken }),
  };
  const baseUrl = plain.baseUrl?.replace('{region}', region) ?? `https://bedrock-runtime.${region}.amazonaws.com`;
  return { ...plain, name: `bedrock-${region}`, baseUrl, apiKey: undefined, auth };
}

function vertexHost(settings: TargetSettings, plain: HostDraft, context: ImportContext): HostDraft {
  const literal = (field: string, placeholder: string): string => {
    const setting = settings.get(field);
    return (setting && readLiteral(setting, placeholder, context)) ?? placeholder;
  };
  const project = literal('vertex_project_id', 'REPLACE-PROJECT');
  const location = literal('vertex_region', 'us-central1');
  const credentials = 'env:GOOGLE_SERVICE_ACCOUNT_JSON';
  settings
    .get('vertex_service_account_json')
    ?.changed('the key itself is not written: put it as JSON into the variable GOOGLE_SERVICE_ACCOUNT_JSON');
  const prefix = location === 'global' ? '' : `${location}-`;
  const baseUrl = `https://${prefix}aiplatform.googleapis.com/v1`;
  const auth: DraftAuth = { type: 'google', credentials, project, location };
  return { ...plain, name: `vertex-${location}`, baseUrl, apiKey: undefined, auth };
}
