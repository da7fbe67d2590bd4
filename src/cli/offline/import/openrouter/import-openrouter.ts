import type { Importer } from '../importer.ts';
import type { ImportContext } from '../import-context.ts';
import type { Setting } from '../setting.ts';

const host = 'openrouter';
const passesThrough =
  'no parameters are added to requests: let the client send it, it passes through to OpenRouter unchanged';

/** What a request or preset says beside models and routing. */
const notes: { readonly [field: string]: string } = {
  messages: 'prompts belong to the client',
  prompt: 'prompts belong to the client',
  system_prompt: 'prompts belong to the client: let it send a system message',
  stream: 'the client says whether it wants a stream',
  plugins: passesThrough,
  transforms: passesThrough,
  web_search_options: passesThrough,
  reasoning: passesThrough,
  usage: 'usage is always asked for and recorded',
  preset: 'ask for the preset by model name, such as openrouter/@preset/NAME',
};

const providerNotes: { readonly [field: string]: string } = {
  order: 'the order of providers inside OpenRouter; to do without OpenRouter, list the hosts as endpoints of the model',
  only: 'a choice of providers inside OpenRouter; to do without OpenRouter, list the hosts as endpoints of the model',
  ignore: 'a choice of providers inside OpenRouter',
  sort: 'here endpoints share by weight and health; list the hosts as endpoints of the model to decide it yourself',
  max_price: 'prices are recorded, not capped: write price at the endpoint',
  require_parameters: 'here a request goes only where its features can be carried; see capabilities',
};

/** Imports a request or a preset of OpenRouter: models and fallbacks stay with OpenRouter as host. */
export const openrouterImporter: Importer = {
  product: 'OpenRouter',
  variablePattern: /^(?:\$\{?|env:)([A-Za-z_]\w*)\}?$/,
  run(root, context) {
    const settings = root.get('config') ?? root;
    importModels(root, settings, context);
    markProvider(settings.get('provider'));
    for (const scope of new Set([root, settings])) {
      for (const [field, note] of Object.entries(notes)) scope.get(field)?.unsupported(note);
      for (const field of ['description', 'creator_user_id', 'id', 'status', 'version', 'created_at', 'updated_at']) {
        scope.get(field)?.changed('describes the preset; nothing to write');
      }
    }
    const route = settings.get('route');
    if (route?.text === 'fallback') route.kept('the models follow each other as fallbacks');
    else route?.unsupported('only the route "fallback" has a counterpart');
    for (const [field, one] of settings.entries()) if (isSampling(field)) one.unsupported(passesThrough);
  },
};

function importModels(root: Setting, settings: Setting, { draft, secrets }: ImportContext): void {
  const known = draft.knownHost(host);
  draft.host({
    name: host,
    protocol: 'openai-chat',
    baseUrl: known?.baseUrl ?? 'https://openrouter.ai/api/v1',
    apiKey: 'env:OPENROUTER_API_KEY',
    auth: undefined,
    headers: {},
  });
  secrets.reserve('OPENROUTER_API_KEY');
  const single = settings.get('model');
  const listed = settings.get('models')?.items() ?? [];
  const settingsOfModels = [...(single?.text === undefined ? [] : [single]), ...listed];
  const names = [...new Set(settingsOfModels.flatMap(({ text }) => (text === undefined ? [] : [text])))];
  for (const name of names) draft.model(name).endpoints.push({ host, model: name });
  const [first, ...others] = names;
  if (first !== undefined) draft.model(first).fallback.push(...others);
  for (const setting of settingsOfModels) {
    const { text } = setting;
    if (text === undefined) setting.unsupported('no name of a model');
    else setting.kept(text === first ? `as models["${text}"]` : `as models["${text}"], a fallback of "${first}"`);
  }
  addPresetName(root.first('slug', 'name'), first, draft);
}

/** A preset is asked for by its name, so the name stays usable. */
function addPresetName(name: Setting | undefined, model: string | undefined, draft: ImportContext['draft']): void {
  if (name?.text === undefined) return;
  if (model === undefined || draft.models.has(name.text))
    return name.unsupported('there is no model it could stand for');
  draft.aliases.set(name.text, model);
  name.changed(`as alias "${name.text}" of "${model}"`);
}

function markProvider(provider: Setting | undefined): void {
  provider?.unsupported(passesThrough);
  for (const [field, note] of Object.entries(providerNotes)) {
    provider?.get(field)?.unsupported(`${note}. Until then let the client send it, it passes through unchanged`);
  }
}

const samplingFields =
  /^(temperature|top_[pk]|min_p|top_a|.*_penalty|max_(completion_)?tokens|stop|seed|n|logit_bias|(top_)?logprobs|response_format|structured_outputs|tools|tool_choice|parallel_tool_calls|verbosity|user|session_id|metadata)$/;

function isSampling(field: string): boolean {
  return samplingFields.test(field);
}
