// Written by `npm run generate` from the files in hosts/. Do not edit.
import { anthropic } from './hosts/anthropic.ts';
import { azureOpenai } from './hosts/azure-openai.ts';
import { baseten } from './hosts/baseten.ts';
import { bedrock } from './hosts/bedrock.ts';
import { cerebras } from './hosts/cerebras.ts';
import { cloudflare } from './hosts/cloudflare.ts';
import { cohere } from './hosts/cohere.ts';
import { deepinfra } from './hosts/deepinfra.ts';
import { deepseek } from './hosts/deepseek.ts';
import { fireworks } from './hosts/fireworks.ts';
import { gemini } from './hosts/gemini.ts';
import { genericAnthropicMessages } from './hosts/generic-anthropic-messages.ts';
import { genericAzureOpenai } from './hosts/generic-azure-openai.ts';
import { genericBedrock } from './hosts/generic-bedrock.ts';
import { genericGemini } from './hosts/generic-gemini.ts';
import { genericOpenaiChat } from './hosts/generic-openai-chat.ts';
import { genericOpenaiResponses } from './hosts/generic-openai-responses.ts';
import { genericVertex } from './hosts/generic-vertex.ts';
import { githubModels } from './hosts/github-models.ts';
import { groq } from './hosts/groq.ts';
import { huggingface } from './hosts/huggingface.ts';
import { hyperbolic } from './hosts/hyperbolic.ts';
import { llamaCpp } from './hosts/llama-cpp.ts';
import { lmStudio } from './hosts/lm-studio.ts';
import { mistral } from './hosts/mistral.ts';
import { moonshot } from './hosts/moonshot.ts';
import { nebius } from './hosts/nebius.ts';
import { novita } from './hosts/novita.ts';
import { nvidia } from './hosts/nvidia.ts';
import { ollama } from './hosts/ollama.ts';
import { openai } from './hosts/openai.ts';
import { openrouter } from './hosts/openrouter.ts';
import { perplexity } from './hosts/perplexity.ts';
import { qwen } from './hosts/qwen.ts';
import { replicate } from './hosts/replicate.ts';
import { sambanova } from './hosts/sambanova.ts';
import { sglang } from './hosts/sglang.ts';
import { together } from './hosts/together.ts';
import { vertex } from './hosts/vertex.ts';
import { vllm } from './hosts/vllm.ts';
import { xai } from './hosts/xai.ts';
import { zai } from './hosts/zai.ts';
import type { ProviderDefinition } from './provider-definition.ts';

/** Every provider we know, by file name. */
export const providerDefinitions: readonly ProviderDefinition[] = [
  anthropic,
  azureOpenai,
  baseten,
  bedrock,
  cerebras,
  cloudflare,
  cohere,
  deepinfra,
  deepseek,
  fireworks,
  gemini,
  genericAnthropicMessages,
  genericAzureOpenai,
  genericBedrock,
  genericGemini,
  genericOpenaiChat,
  genericOpenaiResponses,
  genericVertex,
  githubModels,
  groq,
  huggingface,
  hyperbolic,
  llamaCpp,
  lmStudio,
  mistral,
  moonshot,
  nebius,
  novita,
  nvidia,
  ollama,
  openai,
  openrouter,
  perplexity,
  qwen,
  replicate,
  sambanova,
  sglang,
  together,
  vertex,
  vllm,
  xai,
  zai,
];
