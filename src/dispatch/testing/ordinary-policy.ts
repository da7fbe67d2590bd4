import type { AttemptPolicy } from '../failover/next-attempt.ts';

/** 4 attempts, waits of at most 2 s, a larger context window when one is configured. */
export const ordinaryPolicy: AttemptPolicy = {
  maxAttempts: 4,
  fallback: true,
  refusalFallback: false,
  maxWaitMs: 2000,
  alsoFallbackOn: new Set(['context_too_long', 'unsupported_feature']),
};
