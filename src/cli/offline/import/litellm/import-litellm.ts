import type { ImportContext } from '../import-context.ts';
import type { Importer } from '../importer.ts';
import type { Setting } from '../setting.ts';
import { applyShares } from './apply-shares.ts';
import { splitModel } from './provider-prefixes.ts';
import { type Deployment, readDeployment } from './read-deployment.ts';
import { readFallbacks } from './read-fallbacks.ts';
import { readGeneralSettings } from './read-general-settings.ts';
import { readLitellmSettings } from './read-litellm-settings.ts';
import { attemptsFor, readRouterSettings } from './read-router-settings.ts';

/** Sections that have no counterpart at all, each with what to do instead. */
const foreignSections: { readonly [section: string]: string } = {
  guardrails: 'guardrails are not part of this version',
  mcp_servers: 'MCP servers are not offered',
  mcp_tools: 'MCP servers are not offered',
  vector_store_registry: 'vector stores are not offered',
  search_tools: 'search tools are not offered',
  prompts: 'prompts belong to the client',
  policies: 'guardrails are not part of this version',
  include: 'import the included file as well, and join the two',
  callback_settings: 'use telemetry.otlpEndpoint or /metrics',
  assistant_settings: 'the Assistants API is not offered',
  files_settings: 'files go to the host that the request names',
  finetune_settings: 'fine-tuning is not offered',
};

/** Imports the configuration of a LiteLLM proxy. */
export const litellmImporter: Importer = {
  product: 'LiteLLM',
  variablePattern: /^os\.environ\/(.+)$/,
  literalVariables: (root) =>
    new Map(
      (root.get('environment_variables')?.entries() ?? []).flatMap(([name, one]) =>
        one.text === undefined ? [] : [[name, one.text]],
      ),
    ),
  run(root, context) {
    for (const [section, note] of Object.entries(foreignSections)) root.get(section)?.unsupported(note);
    markVariables(root.get('environment_variables'));
    importModels(root, context);
    const litellm = root.get('litellm_settings');
    const router = root.get('router_settings');
    for (const section of [litellm, router]) readFallbacks(section, context.draft);
    for (const section of [router, litellm]) readRouterSettings(section, context.draft);
    readGeneralSettings(root.get('general_settings'), context);
    readLitellmSettings(litellm, context.draft);
  },
};

function importModels(root: Setting, context: ImportContext): void {
  const credentials = readCredentials(root.get('credential_list'));
  reserveImplicitKeys(root, context);
  const deployments = (root.get('model_list')?.items() ?? []).flatMap(
    (entry) => readDeployment(entry, credentials, context) ?? [],
  );
  applyShares(deployments, context.draft);
  for (const one of deployments) applyRetries(one, context);
}

/** Where no key is stated LiteLLM takes the provider's usual variable; no moved secret may take its place. */
function reserveImplicitKeys(root: Setting, { secrets }: ImportContext): void {
  for (const entry of root.get('model_list')?.items() ?? []) {
    const params = entry.get('litellm_params');
    const model = params?.get('model')?.text;
    if (model === undefined || params?.get('api_key') !== undefined) continue;
    const keyEnv = splitModel(model, params?.get('custom_llm_provider')?.text, false).prefix?.keyEnv;
    if (keyEnv !== undefined) secrets.reserve(keyEnv);
  }
}

function applyRetries({ modelName, retries }: Deployment, { draft }: ImportContext): void {
  if (retries === undefined) return;
  const { policy } = draft.model(modelName);
  policy.maxAttempts = Math.max(policy.maxAttempts ?? 1, attemptsFor(retries, 0));
}

function readCredentials(list: Setting | undefined): ReadonlyMap<string, Setting> {
  const found = new Map<string, Setting>();
  for (const item of list?.items() ?? []) {
    const name = item.get('credential_name');
    const values = item.get('credential_values');
    item.get('credential_info')?.changed('a description; nothing to write');
    if (name?.text === undefined || values === undefined) continue;
    found.set(name.text, values);
    name.changed('its values are written at the hosts of the deployments that name it');
    values.unsupported('no deployment names it, or its kind of host does not need it');
  }
  return found;
}

function markVariables(section: Setting | undefined): void {
  for (const [name, one] of section?.entries() ?? []) {
    one.changed(`values of variables are not written: set ${name} in the environment of the product`);
  }
}
