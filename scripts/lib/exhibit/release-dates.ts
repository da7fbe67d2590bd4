/** When the public could first use a model, and who says so. */
export interface Release {
  readonly model: string;
  readonly released: string;
  /** The vendor's own page, where the date is to be checked. */
  readonly source: string;
  /** The page that the date was read on; absent: it is well known, and nothing was read for it. */
  readonly readAt?: string;
}

const claude3 = 'https://www.anthropic.com/news/claude-3-family';
const claude35 = 'https://www.anthropic.com/news/3-5-models-and-computer-use';
const deepseek = 'https://api-docs.deepseek.com/updates';
const llama31 = 'https://github.com/meta-llama/llama-models/blob/main/models/llama3_1/MODEL_CARD.md';
const llama3 = 'https://ai.meta.com/blog/meta-llama-3/';
const qwen2 = 'https://qwenlm.github.io/blog/qwen2/';
const gemini = 'https://ai.google.dev/gemini-api/docs/changelog';
const gemma = 'https://ai.google.dev/gemma/docs/releases';
const openai = 'https://platform.openai.com/docs/changelog';

/** Models without a release that somebody vouches for take no part in the timeline. */
export const releases: readonly Release[] = [
  { model: 'Mixtral-8x7B-Instruct-v0.1', released: '2023-12-11', source: 'https://mistral.ai/news/mixtral-of-experts' },
  { model: 'gpt-3.5-turbo-0125', released: '2024-01-25', source: openai },
  {
    model: 'claude-3-opus-20240229',
    released: '2024-03-04',
    source: claude3,
    readAt: 'https://aiwiki.ai/wiki/claude_3',
  },
  {
    model: 'claude-3-sonnet-20240229',
    released: '2024-03-04',
    source: claude3,
    readAt: 'https://aiwiki.ai/wiki/claude_3',
  },
  {
    model: 'claude-3-haiku-20240307',
    released: '2024-03-13',
    source: 'https://www.anthropic.com/news/claude-3-haiku',
    readAt: 'https://sg.langmart.ai/model-docs/models/anthropic_claude-3-haiku.html',
  },
  {
    model: 'Meta-Llama-3-70B-Instruct',
    released: '2024-04-18',
    source: llama3,
    readAt: 'https://reasonedinsights.com/meta-releases-llama-3',
  },
  {
    model: 'Meta-Llama-3-8B-Instruct',
    released: '2024-04-18',
    source: llama3,
    readAt: 'https://reasonedinsights.com/meta-releases-llama-3',
  },
  {
    model: 'gpt-4o-2024-05-13',
    released: '2024-05-13',
    source: 'https://openai.com/index/hello-gpt-4o/',
    readAt: 'https://aiwiki.ai/wiki/gpt_4o',
  },
  {
    model: 'gemini-1.5-flash',
    released: '2024-05-14',
    source: gemini,
    readAt: 'https://techchilli.com/artificial-intelligence/gemini-ai-1-5-pro-vs-flash',
  },
  { model: 'Qwen2-72B-Instruct', released: '2024-06-07', source: qwen2 },
  { model: 'Qwen2-7B-Instruct', released: '2024-06-07', source: qwen2 },
  {
    model: 'claude-3-5-sonnet-20240620',
    released: '2024-06-20',
    source: 'https://www.anthropic.com/news/claude-3-5-sonnet',
    readAt: 'https://aiwiki.ai/wiki/claude_3_5_sonnet',
  },
  { model: 'gemma-2-27b-it', released: '2024-06-27', source: gemma },
  { model: 'gemma-2-9b-it', released: '2024-06-27', source: gemma },
  { model: 'deepseek-v2-chat-0628', released: '2024-06-28', source: deepseek },
  {
    model: 'gpt-4o-mini-2024-07-18',
    released: '2024-07-18',
    source: 'https://openai.com/index/gpt-4o-mini-advancing-cost-efficient-intelligence/',
    readAt: 'https://aiwiki.ai/wiki/gpt_4o_mini',
  },
  {
    model: 'Meta-Llama-3.1-70B-Instruct',
    released: '2024-07-23',
    source: llama31,
    readAt: 'https://github.com/meta-llama/llama-models/blob/main/models/llama3_1/MODEL_CARD.md',
  },
  {
    model: 'Meta-Llama-3.1-8B-Instruct',
    released: '2024-07-23',
    source: llama31,
    readAt: 'https://github.com/meta-llama/llama-models/blob/main/models/llama3_1/MODEL_CARD.md',
  },
  {
    model: 'Mistral-Large-2',
    released: '2024-07-24',
    source: 'https://mistral.ai/news/mistral-large-2407',
    readAt: 'https://www.modelcards.net/documents/546',
  },
  { model: 'deepseek-v2-coder-0724', released: '2024-07-24', source: deepseek },
  {
    model: 'gemma-2-2b-it',
    released: '2024-07-31',
    source: gemma,
  },
  { model: 'gemini-1.5-pro-exp-0801', released: '2024-08-01', source: gemini },
  {
    model: 'gpt-4o-2024-08-06',
    released: '2024-08-06',
    source: openai,
    readAt: 'https://modelwatch.app/aeo/gpt-4o-vs-gpt-4o-2024-08-06/',
  },
  {
    model: 'deepseek-v2.5-0908',
    released: '2024-09-05',
    source: 'https://huggingface.co/deepseek-ai/DeepSeek-V2.5/commits',
    readAt: 'https://huggingface.co/deepseek-ai/DeepSeek-V2.5/commits',
  },
  { model: 'o1-mini-2024-09-12', released: '2024-09-12', source: openai, readAt: 'https://aiwiki.ai/wiki/o1_mini' },
  {
    model: 'claude-3-5-sonnet-20241022',
    released: '2024-10-22',
    source: claude35,
    readAt: 'https://aiwiki.ai/wiki/claude_3_5_sonnet',
  },
  {
    model: 'claude-3-5-haiku-20241022',
    released: '2024-11-04',
    source: claude35,
    readAt: 'https://aiwiki.ai/wiki/claude_3_5_haiku',
  },
];
