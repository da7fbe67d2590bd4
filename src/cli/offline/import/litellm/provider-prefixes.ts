import type { HostProtocol } from '../../../../domain/calls/dialect.ts';

/** What a provider's name in LiteLLM means to us. */
export interface ProviderPrefix {
  /** Our name of the host. */
  readonly host: string;
  readonly protocol: HostProtocol;
  /** Variable that LiteLLM takes the key from when the configuration states none. */
  readonly keyEnv?: string;
  /** No address is known: the configuration must state one. */
  readonly needsAddress?: boolean;
}

const chat = (host: string, keyEnv?: string): ProviderPrefix => ({
  host,
  protocol: 'openai-chat',
  ...(keyEnv !== undefined && { keyEnv }),
});
const custom = (host: string, keyEnv?: string): ProviderPrefix => ({ ...chat(host, keyEnv), needsAddress: true });

const prefixes: { readonly [prefix: string]: ProviderPrefix } = {
  openai: chat('openai', 'OPENAI_API_KEY'),
  'text-completion-openai': chat('openai', 'OPENAI_API_KEY'),
  anthropic: { host: 'anthropic', protocol: 'anthropic-messages', keyEnv: 'ANTHROPIC_API_KEY' },
  gemini: { host: 'gemini', protocol: 'gemini', keyEnv: 'GEMINI_API_KEY' },
  vertex_ai: { host: 'vertex', protocol: 'vertex' },
  vertex_ai_beta: { host: 'vertex', protocol: 'vertex' },
  bedrock: { host: 'bedrock', protocol: 'bedrock' },
  bedrock_converse: { host: 'bedrock', protocol: 'bedrock' },
  azure: { host: 'azure-openai', protocol: 'azure-openai', keyEnv: 'AZURE_API_KEY', needsAddress: true },
  azure_text: { host: 'azure-openai', protocol: 'azure-openai', keyEnv: 'AZURE_API_KEY', needsAddress: true },
  azure_ai: custom('azure-ai', 'AZURE_AI_API_KEY'),
  databricks: custom('databricks', 'DATABRICKS_API_KEY'),
  custom_openai: custom('custom-openai'),
  openai_like: custom('openai-like'),
  litellm_proxy: custom('litellm-proxy', 'LITELLM_PROXY_API_KEY'),
  llamafile: custom('llamafile'),
  xinference: custom('xinference'),
  docker_model_runner: custom('docker-model-runner'),
  ollama: chat('ollama'),
  ollama_chat: chat('ollama'),
  hosted_vllm: chat('vllm', 'HOSTED_VLLM_API_KEY'),
  vllm: chat('vllm'),
  lm_studio: chat('lm-studio'),
  groq: chat('groq', 'GROQ_API_KEY'),
  mistral: chat('mistral', 'MISTRAL_API_KEY'),
  deepseek: chat('deepseek', 'DEEPSEEK_API_KEY'),
  xai: chat('xai', 'XAI_API_KEY'),
  together_ai: chat('together', 'TOGETHERAI_API_KEY'),
  fireworks_ai: chat('fireworks', 'FIREWORKS_AI_API_KEY'),
  deepinfra: chat('deepinfra', 'DEEPINFRA_API_KEY'),
  openrouter: chat('openrouter', 'OPENROUTER_API_KEY'),
  cerebras: chat('cerebras', 'CEREBRAS_API_KEY'),
  sambanova: chat('sambanova', 'SAMBANOVA_API_KEY'),
  perplexity: chat('perplexity', 'PERPLEXITYAI_API_KEY'),
  cohere: chat('cohere', 'COHERE_API_KEY'),
  cohere_chat: chat('cohere', 'COHERE_API_KEY'),
  moonshot: chat('moonshot', 'MOONSHOT_API_KEY'),
  zai: chat('zai', 'ZAI_API_KEY'),
  dashscope: chat('qwen', 'DASHSCOPE_API_KEY'),
  nvidia_nim: chat('nvidia', 'NVIDIA_NIM_API_KEY'),
  huggingface: chat('huggingface', 'HUGGINGFACE_API_KEY'),
  novita: chat('novita', 'NOVITA_API_KEY'),
  nebius: chat('nebius', 'NEBIUS_API_KEY'),
  hyperbolic: chat('hyperbolic', 'HYPERBOLIC_API_KEY'),
  baseten: chat('baseten', 'BASETEN_API_KEY'),
  replicate: chat('replicate', 'REPLICATE_API_KEY'),
  github: chat('github-models', 'GITHUB_API_KEY'),
  cloudflare: { ...chat('cloudflare', 'CLOUDFLARE_API_KEY'), needsAddress: true },
};

/** Providers of LiteLLM that speak a protocol of their own, which no host of ours does. */
const foreign = new Set([
  'sagemaker',
  'sagemaker_chat',
  'watsonx',
  'watsonx_text',
  'predibase',
  'nlp_cloud',
  'aleph_alpha',
  'petals',
  'oobabooga',
  'palm',
  'maritalk',
  'clarifai',
  'snowflake',
  'voyage',
  'jina_ai',
  'triton',
  'gradient_ai',
  'oci',
  'sap',
]);

/** How LiteLLM guesses the provider of a model without a prefix. */
const guesses: readonly (readonly [RegExp, string])[] = [
  [/^(gpt-|chatgpt-|o[1-9]\b|o[1-9]-|text-embedding-|text-moderation|omni-moderation|dall-e|whisper|tts-)/, 'openai'],
  [/^claude-/, 'anthropic'],
  [/^(gemini-|chat-bison|text-bison)/, 'vertex_ai'],
  [/^(command|embed-|rerank-)/, 'cohere'],
  [/^(anthropic|amazon|meta|mistral|cohere|ai21)\.[a-z]/, 'bedrock'],
];

/** A model of LiteLLM as provider and the provider's own name for it. */
export interface SplitModel {
  readonly prefix: ProviderPrefix | undefined;
  /** The provider's name in LiteLLM; undefined when nothing tells it. */
  readonly provider: string | undefined;
  readonly model: string;
  /** The provider was guessed from the model's name. */
  readonly isGuess: boolean;
}

/** Splits `provider/model`; a first segment that is no provider belongs to the model. */
export function splitModel(text: string, customProvider: string | undefined, hasAddress: boolean): SplitModel {
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash);
  const isProvider = Object.hasOwn(prefixes, first) || foreign.has(first);
  const model = isProvider ? text.slice(slash + 1) : text;
  if (customProvider !== undefined) return found(customProvider, first === customProvider ? model : text);
  if (isProvider) return found(first, model);
  const guess = hasAddress ? 'openai' : guesses.find(([pattern]) => pattern.test(text))?.[1];
  return guess === undefined
    ? { prefix: undefined, provider: undefined, model: text, isGuess: false }
    : { ...found(guess, text), isGuess: true };
}

function found(provider: string, model: string): SplitModel {
  const prefix = Object.hasOwn(prefixes, provider) ? prefixes[provider] : undefined;
  return { prefix, provider, model, isGuess: false };
}
