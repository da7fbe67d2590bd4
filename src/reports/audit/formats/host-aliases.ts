/** What logs call the hosts that we know under another name. */
const aliases: { readonly [name: string]: string } = {
  'text-completion-openai': 'openai',
  azure: 'azure-openai',
  azure_text: 'azure-openai',
  'azure openai': 'azure-openai',
  bedrock_converse: 'bedrock',
  'amazon-bedrock': 'bedrock',
  'aws-bedrock': 'bedrock',
  vertex_ai: 'vertex',
  vertex_ai_beta: 'vertex',
  'google-vertex': 'vertex',
  google: 'gemini',
  'google-ai-studio': 'gemini',
  together_ai: 'together',
  togetherai: 'together',
  fireworks_ai: 'fireworks',
  'fireworks-ai': 'fireworks',
  nvidia_nim: 'nvidia',
  dashscope: 'qwen',
  alibaba: 'qwen',
  cohere_chat: 'cohere',
  moonshotai: 'moonshot',
  mistralai: 'mistral',
  'mistral-ai': 'mistral',
  'x-ai': 'xai',
  'z-ai': 'zai',
  zhipu: 'zai',
  github: 'github-models',
  hosted_vllm: 'vllm',
  ollama_chat: 'ollama',
  'novita-ai': 'novita',
  'cloudflare-workers-ai': 'cloudflare',
};

/** Who makes a model, by its name: the host that is meant when a log names none. */
const makers: readonly (readonly [RegExp, string])[] = [
  [/^(gpt-|chatgpt-|o[1-9]($|-)|text-embedding-|dall-e|whisper|tts-|codex-|computer-use)/, 'openai'],
  [/^claude-/, 'anthropic'],
  [/^gemini-|^gemma-/, 'gemini'],
  [/^(mistral|ministral|codestral|magistral|devstral|pixtral|open-mi[sx]tral)/, 'mistral'],
  [/^deepseek-(chat|reasoner)/, 'deepseek'],
  [/^grok-/, 'xai'],
  [/^(command|embed-|rerank-)/, 'cohere'],
  [/^glm-/, 'zai'],
  [/^kimi-/, 'moonshot'],
  [/^sonar/, 'perplexity'],
  [/^(qwen|qwq)/, 'qwen'],
];

/** Our name of a host as a log names it. */
export function hostAlias(name: string): string {
  const plain = name.trim().toLowerCase();
  return (Object.hasOwn(aliases, plain) ? aliases[plain] : undefined) ?? plain;
}

/** The host of a model's own maker, when its name tells. */
export function makerHost(model: string): string | undefined {
  return makers.find(([pattern]) => pattern.test(model))?.[1];
}
