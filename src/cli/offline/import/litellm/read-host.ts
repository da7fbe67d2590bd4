import type { DraftAuth, HostDraft } from '../config-draft.ts';
import { type ImportContext, readBaseUrl, readHeaders, readLiteral, readReference } from '../import-context.ts';
import { isSecretLike, toVariable } from '../secret-vault.ts';
import type { DeploymentParams } from './deployment-params.ts';
import type { ProviderPrefix } from './provider-prefixes.ts';

/** What tells the host of one deployment. */
export interface HostInput {
  readonly prefix: ProviderPrefix;
  readonly params: DeploymentParams;
  /** Region that stands in the model's name (`bedrock/eu-west-1/…`). */
  readonly region?: string | undefined;
  /** Our name of the model, for the names of moved secrets. */
  readonly modelName: string;
}

const defaultRegion = 'us-east-1';

/** Reads address, credentials and headers of a deployment as a host. */
export function readHost(input: HostInput, context: ImportContext): HostDraft {
  switch (input.prefix.protocol) {
    case 'azure-openai':
      return readAzure(input, context);
    case 'bedrock':
      return readBedrock(input, context);
    case 'vertex':
      return readVertex(input, context);
    default:
      return readPlain(input, context);
  }
}

function readPlain(input: HostInput, context: ImportContext): HostDraft {
  const { prefix, params } = input;
  const known = context.draft.knownHost(prefix.host);
  const address = params.get('api_base', 'base_url');
  const stated = address && readBaseUrl(address, versionOf(prefix, known?.baseUrl), context);
  const baseUrl = (stated && withVersion(stated, input)) ?? known?.baseUrl ?? placeholderUrl(prefix.host);
  const isElsewhere = prefix.host === 'openai' && baseUrl !== known?.baseUrl;
  const name = isElsewhere || prefix.needsAddress === true ? nameOf(baseUrl, prefix.host) : prefix.host;
  const hasImplicitKey = prefix.keyEnv !== undefined && !isElsewhere;
  return {
    name,
    protocol: prefix.protocol,
    baseUrl,
    apiKey: readKey(input, name, context) ?? (hasImplicitKey ? `env:${prefix.keyEnv}` : undefined),
    auth: undefined,
    headers: { ...readOrganization(params, context), ...headersOf(params, context) },
  };
}

function readAzure(input: HostInput, context: ImportContext): HostDraft {
  const { params, prefix } = input;
  const address = params.get('api_base', 'base_url');
  const stated = address && readBaseUrl(address, '', context)?.replace(/\/openai\/deployments\/.*$/, '');
  const baseUrl = stated ?? placeholderUrl(prefix.host);
  const name = nameOf(baseUrl, prefix.host);
  const version = params.get('api_version');
  const apiVersion = version && readLiteral(version, 'REPLACE-API-VERSION', context);
  const token = params.get('azure_ad_token');
  const bearer = token && readReference(token, `${toVariable(name)}_BEARER`, context);
  const statedKey = readKey(input, name, context);
  const apiKey = statedKey ?? (bearer === undefined ? `env:${prefix.keyEnv}` : undefined);
  const auth: DraftAuth | undefined =
    apiVersion === undefined && bearer === undefined
      ? undefined
      : {
          type: 'azure',
          apiVersion: apiVersion ?? '2024-10-21',
          ...(apiKey !== undefined && { apiKey }),
          ...(bearer !== undefined && { bearer }),
        };
  for (const field of ['tenant_id', 'client_id', 'client_secret', 'azure_username', 'azure_password', 'azure_scope']) {
    params.get(field)?.unsupported('Entra ID sign-in is not supported: use a key, or a token in azure_ad_token');
  }
  const headers = headersOf(params, context);
  return { name, protocol: 'azure-openai', baseUrl, apiKey: auth === undefined ? apiKey : undefined, auth, headers };
}

function readBedrock(input: HostInput, context: ImportContext): HostDraft {
  const { params, prefix } = input;
  const stated = params.get('aws_region_name');
  const region = (stated && readLiteral(stated, defaultRegion, context)) ?? input.region ?? defaultRegion;
  const reference = (field: string, variable: string): string | undefined => {
    const setting = params.get(field);
    return setting && readReference(setting, `${toVariable(input.modelName)}_${variable}`, context);
  };
  const apiKey = readKey(input, prefix.host, context);
  const sessionToken = reference('aws_session_token', 'AWS_SESSION_TOKEN');
  const auth: DraftAuth = {
    type: 'aws',
    region,
    accessKeyId: reference('aws_access_key_id', 'AWS_ACCESS_KEY_ID') ?? 'env:AWS_ACCESS_KEY_ID',
    secretAccessKey: reference('aws_secret_access_key', 'AWS_SECRET_ACCESS_KEY') ?? 'env:AWS_SECRET_ACCESS_KEY',
    ...(sessionToken !== undefined && { sessionToken }),
  };
  const roles = ['aws_profile_name', 'aws_role_name', 'aws_session_name', 'aws_web_identity_token', 'aws_sts_endpoint'];
  for (const field of [...roles, 'aws_external_id']) {
    params
      .get(field)
      ?.unsupported('profiles and roles are not supported: give keys, or a session token made from the role');
  }
  const address = params.get('aws_bedrock_runtime_endpoint', 'api_base');
  return {
    name: `bedrock-${region}`,
    protocol: 'bedrock',
    baseUrl: (address && readBaseUrl(address, '', context)) ?? `https://bedrock-runtime.${region}.amazonaws.com`,
    apiKey,
    auth: apiKey === undefined ? auth : undefined,
    headers: headersOf(params, context),
  };
}

function readVertex(input: HostInput, context: ImportContext): HostDraft {
  const { params } = input;
  const literal = (placeholder: string, ...names: string[]): string | undefined => {
    const setting = params.get(...names);
    return setting && readLiteral(setting, placeholder, context);
  };
  const project = literal('REPLACE-PROJECT', 'vertex_project', 'vertex_ai_project') ?? 'REPLACE-PROJECT';
  const location = literal('us-central1', 'vertex_location', 'vertex_ai_location') ?? 'us-central1';
  const address = params.get('api_base');
  const region = location === 'global' ? '' : `${location}-`;
  return {
    name: `vertex-${location}`,
    protocol: 'vertex',
    baseUrl: (address && readBaseUrl(address, '/v1', context)) ?? `https://${region}aiplatform.googleapis.com/v1`,
    apiKey: undefined,
    auth: { type: 'google', credentials: readServiceAccount(input, context), project, location },
    headers: headersOf(params, context),
  };
}

/** A path of a key file stays a path; the key itself goes into a variable. */
function readServiceAccount({ params }: HostInput, context: ImportContext): string {
  const setting = params.get('vertex_credentials', 'vertex_ai_credentials');
  const fallback = 'env:GOOGLE_SERVICE_ACCOUNT_JSON';
  if (setting === undefined) return fallback;
  const { text } = setting;
  const isPath = text !== undefined && !text.startsWith('{') && !context.variablePattern.test(text);
  if (isPath && text.length < 500) {
    setting.kept(`as file:${text}`);
    return `file:${text}`;
  }
  if (setting.isObject) {
    setting.changed('the key itself is not written: put it as JSON into the variable GOOGLE_SERVICE_ACCOUNT_JSON');
    return fallback;
  }
  return readReference(setting, 'GOOGLE_SERVICE_ACCOUNT_JSON', context) ?? fallback;
}

function readKey({ params, prefix }: HostInput, name: string, context: ImportContext): string | undefined {
  const setting = params.get('api_key');
  const wanted =
    name === prefix.host ? (prefix.keyEnv ?? `${toVariable(name)}_API_KEY`) : `${toVariable(name)}_API_KEY`;
  return setting && readReference(setting, wanted, context);
}

function readOrganization(params: DeploymentParams, context: ImportContext): Record<string, string> {
  const setting = params.get('organization');
  if (setting?.text === undefined) return {};
  if (context.variablePattern.test(setting.text) || isSecretLike('', setting.text)) {
    setting.unsupported('headers cannot take a variable: write OpenAI-Organization under headers of the host');
    return {};
  }
  setting.kept('as header OpenAI-Organization of the host');
  return { 'OpenAI-Organization': setting.text };
}

function headersOf(params: DeploymentParams, context: ImportContext): Record<string, string> {
  return { ...readHeaders(params.get('headers'), context), ...readHeaders(params.get('extra_headers'), context) };
}

/** LiteLLM appends the version to any address of this dialect, so an address with a path needs it as well. */
function withVersion(baseUrl: string, { prefix, params }: HostInput): string {
  if (prefix.protocol !== 'anthropic-messages' || /\/v\d+$/.test(baseUrl)) return baseUrl;
  params.get('api_base', 'base_url')?.changed(`written as ${baseUrl}/v1: the address includes the version`);
  return `${baseUrl}/v1`;
}

function versionOf({ protocol }: ProviderPrefix, knownUrl: string | undefined): string {
  if (protocol === 'gemini') return '/v1beta';
  return knownUrl !== undefined && new URL(knownUrl).pathname === '/' ? '' : '/v1';
}

function placeholderUrl(host: string): string {
  return `http://replace-${host}-address.invalid/v1`;
}

/** A server of one's own is named after its machine. */
function nameOf(baseUrl: string, fallback: string): string {
  const { hostname, port } = new URL(baseUrl);
  if (hostname.endsWith('.invalid')) return fallback;
  const label = /^[\d.]+$|^\[/.test(hostname)
    ? `${fallback}-${hostname.replace(/[^\d]+/g, '-')}`
    : hostname.split('.')[0];
  return port === '' ? `${label}` : `${label}-${port}`;
}
