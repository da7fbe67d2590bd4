/** A published result of a family of models, as its maker stated it. */
export interface PublicScore {
  /** Start of the model's name, without the maker's. */
  readonly family: string;
  /** Share of right answers on MMLU. */
  readonly mmlu: number;
  readonly source: string;
  /** Day of the publication. */
  readonly published: string;
}

/**
 * What makers published of their models on one broad test. A start to be learned away from: it weighs as little as a
 * few graded answers, because public tests leak into training and are not anybody's own work.
 */
export const publicScores: readonly PublicScore[] = [
  { family: 'gpt-4.1-nano', mmlu: 0.801, source: 'https://openai.com/index/gpt-4-1/', published: '2025-04-14' },
  { family: 'gpt-4.1-mini', mmlu: 0.875, source: 'https://openai.com/index/gpt-4-1/', published: '2025-04-14' },
  { family: 'gpt-4.1', mmlu: 0.902, source: 'https://openai.com/index/gpt-4-1/', published: '2025-04-14' },
  {
    family: 'gpt-4o-mini',
    mmlu: 0.82,
    source: 'https://openai.com/index/gpt-4o-mini-advancing-cost-efficient-intelligence/',
    published: '2024-07-18',
  },
  { family: 'gpt-4o', mmlu: 0.887, source: 'https://openai.com/index/hello-gpt-4o/', published: '2024-05-13' },
  { family: 'gpt-4', mmlu: 0.864, source: 'https://openai.com/index/gpt-4-research/', published: '2023-03-14' },
  { family: 'gpt-3.5-turbo', mmlu: 0.7, source: 'https://openai.com/index/gpt-4-research/', published: '2023-03-14' },
  {
    family: 'claude-3-5-sonnet',
    mmlu: 0.887,
    source: 'https://www.anthropic.com/news/claude-3-5-sonnet',
    published: '2024-06-20',
  },
  {
    family: 'claude-3-opus',
    mmlu: 0.868,
    source: 'https://www.anthropic.com/news/claude-3-family',
    published: '2024-03-04',
  },
  {
    family: 'claude-3-haiku',
    mmlu: 0.752,
    source: 'https://www.anthropic.com/news/claude-3-family',
    published: '2024-03-04',
  },
  {
    family: 'llama-3.1-405b',
    mmlu: 0.873,
    source: 'https://github.com/meta-llama/llama-models/blob/main/models/llama3_1/MODEL_CARD.md',
    published: '2024-07-23',
  },
  {
    family: 'llama-3.1-70b',
    mmlu: 0.836,
    source: 'https://github.com/meta-llama/llama-models/blob/main/models/llama3_1/MODEL_CARD.md',
    published: '2024-07-23',
  },
  {
    family: 'llama-3.1-8b',
    mmlu: 0.694,
    source: 'https://github.com/meta-llama/llama-models/blob/main/models/llama3_1/MODEL_CARD.md',
    published: '2024-07-23',
  },
  {
    family: 'mistral-large-2407',
    mmlu: 0.84,
    source: 'https://mistral.ai/news/mistral-large-2407',
    published: '2024-07-24',
  },
  {
    family: 'deepseek-r1',
    mmlu: 0.908,
    source: 'https://github.com/deepseek-ai/DeepSeek-R1',
    published: '2025-01-20',
  },
  {
    family: 'deepseek-v3',
    mmlu: 0.885,
    source: 'https://github.com/deepseek-ai/DeepSeek-V3',
    published: '2024-12-26',
  },
];
