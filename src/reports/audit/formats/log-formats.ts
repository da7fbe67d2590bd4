import { langfuseObservations } from './langfuse-observations.ts';
import { litellmSpendLogs } from './litellm-spend-logs.ts';
import type { LogFormat } from './log-format.ts';
import { openaiActivity, openaiUsage } from './openai-usage.ts';
import { openrouterActivity, openrouterDailyActivity } from './openrouter-activity.ts';

/** Every format of text files; the first whose columns fit wins. Our own journal is binary and read apart. */
export const logFormats: readonly LogFormat[] = [
  litellmSpendLogs,
  openrouterActivity,
  openrouterDailyActivity,
  openaiUsage,
  openaiActivity,
  langfuseObservations,
];
