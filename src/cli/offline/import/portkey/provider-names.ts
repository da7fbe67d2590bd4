import type { HostProtocol } from '../../../../domain/calls/dialect.ts';

/** What a provider's name in Portkey means to us. */
export interface PortkeyProvider {
  readonly host: string;
  readonly protocol: HostProtocol;
}

const chat = (host: string): PortkeyProvider => ({ host, protocol: 'openai-chat' });

const providers: { readonly [name: string]: PortkeyProvider } = {
  openai: chat('openai'),
  anthropic: { host: 'anthropic', protocol: 'anthropic-messages' },
  google: { host: 'gemini', protocol: 'gemini' },
  gemini: { host: 'gemini', protocol: 'gemini' },
  'vertex-ai': { host: 'vertex', protocol: 'vertex' },
  bedrock: { host: 'bedrock', protocol: 'bedrock' },
  'azure-openai': { host: 'azure-openai', protocol: 'azure-openai' },
  groq: chat('groq'),
  'mistral-ai': chat('mistral'),
  'together-ai': chat('together'),
  'fireworks-ai': chat('fireworks'),
  deepinfra: chat('deepinfra'),
  openrouter: chat('openrouter'),
  'perplexity-ai': chat('perplexity'),
  cohere: chat('cohere'),
  deepseek: chat('deepseek'),
  'x-ai': chat('xai'),
  cerebras: chat('cerebras'),
  sambanova: chat('sambanova'),
  'novita-ai': chat('novita'),
  nebius: chat('nebius'),
  huggingface: chat('huggingface'),
  moonshot: chat('moonshot'),
  zhipu: chat('zai'),
  dashscope: chat('qwen'),
  github: chat('github-models'),
  replicate: chat('replicate'),
  ollama: chat('ollama'),
  'lambda-inference': chat('vllm'),
};

/** A provider by its name; names of credentials often begin with it (`openai-prod-4f2a`). */
export function findPortkeyProvider(name: string): PortkeyProvider | undefined {
  if (Object.hasOwn(providers, name)) return providers[name];
  const begins = Object.keys(providers).filter((known) => name.startsWith(`${known}-`));
  const [longest] = begins.toSorted((a, b) => b.length - a.length);
  return longest === undefined ? undefined : providers[longest];
}
