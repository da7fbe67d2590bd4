import type { Clock } from '../../platform/clock.ts';
import type { SimulatedDialectId } from './prompt.ts';

/** How long to wait, in every form a provider says it. */
export interface RetryAdvice {
  readonly headers: { readonly [name: string]: string };
  /** Delay of a Google `RetryInfo` detail, such as `34.4s`. */
  readonly googleDelay?: string;
}

/** Turns `seconds:7,date:7,ms:1500,reset:7,google:34.4` into headers and body details. */
export function retryAdvice(text: string, dialect: SimulatedDialectId, clock: Clock): RetryAdvice {
  const headers: Record<string, string> = {};
  let googleDelay: string | undefined;
  for (const item of text.split(',')) {
    const [form = '', value = '0'] = item.split(':');
    const amount = Number(value);
    if (form === 'seconds') headers['retry-after'] = value;
    else if (form === 'date') headers['retry-after'] = new Date(clock.nowMs() + amount * 1000).toUTCString();
    else if (form === 'ms') headers['retry-after-ms'] = value;
    else if (form === 'google') googleDelay = `${value}s`;
    else if (form === 'reset') Object.assign(headers, resetHeaders(amount, dialect, clock));
  }
  return { headers, ...(googleDelay !== undefined && { googleDelay }) };
}

function resetHeaders(seconds: number, dialect: SimulatedDialectId, clock: Clock): { [name: string]: string } {
  if (dialect === 'anthropic-messages') {
    return {
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': new Date(clock.nowMs() + seconds * 1000).toISOString(),
    };
  }
  return {
    'x-ratelimit-limit-requests': '60',
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-reset-requests': seconds >= 1 ? `${seconds}s` : `${Math.round(seconds * 1000)}ms`,
  };
}
