import { type UsageBucket, usageBuckets } from '../../domain/rating/usage.ts';

const known: ReadonlySet<string> = new Set(usageBuckets);

/** Is the text the name of a usage bucket? */
export function isUsageBucket(text: string): text is UsageBucket {
  return known.has(text);
}
