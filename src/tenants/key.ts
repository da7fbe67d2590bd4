import type { SpenderToken } from './spending/contract.ts';

/** Limits of one key; absent means none. */
export interface KeyLimits {
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  readonly concurrent?: number | undefined;
}

/** A credential of a client with what it may do. The secret itself is not kept. */
export interface Key {
  readonly name: string;
  readonly customer: string;
  readonly models: readonly string[];
  /** The end of an answer waits until its fact is durable. */
  readonly metered: boolean;
  readonly onClientGone: 'cancel' | 'drain';
  readonly limits: KeyLimits;
  /** Whether identical calls may share an answer. */
  readonly cache: 'off' | 'deterministic' | 'all';
  readonly storeResponses: boolean;
  readonly project?: string | undefined;
  /** Set by browser-safe tokens, which speak for one end user whatever the body says. */
  readonly endUser?: string | undefined;
  /** The only job that such a token may ask for. */
  readonly onlyJob?: string | undefined;
  /** The budget that such a token carries. */
  readonly token?: SpenderToken | undefined;
  mayUse(model: string): boolean;
}

/** Makes the check of a key's model patterns, where `*` stands for any run of characters. */
export function modelMatcher(patterns: readonly string[]): (model: string) => boolean {
  if (patterns.includes('*')) return () => true;
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const wild = patterns.filter((pattern) => pattern.includes('*')).map(toExpression);
  return (model) => exact.has(model) || wild.some((expression) => expression.test(model));
}

function toExpression(pattern: string): RegExp {
  const parts = pattern.split(/\*+/).map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
