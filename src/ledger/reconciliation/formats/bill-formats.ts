import { anthropicCosts, anthropicUsage } from './anthropic.ts';
import { awsCostAndUsage } from './aws-cost-and-usage.ts';
import type { BillFormat } from './bill-format.ts';
import { openaiCosts, openaiUsage } from './openai.ts';
import { openrouterActivity } from './openrouter.ts';

/** Every export that can be imported, the more telling first. */
export const billFormats: readonly BillFormat[] = [
  openaiUsage,
  openaiCosts,
  anthropicUsage,
  anthropicCosts,
  openrouterActivity,
  awsCostAndUsage,
];
