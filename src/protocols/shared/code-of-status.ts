import type { FaultCode } from '../../domain/faults/fault-codes.ts';

const codes: ReadonlyMap<number, FaultCode> = new Map([
  [401, 'upstream_auth'],
  [402, 'upstream_quota'],
  [403, 'upstream_auth'],
  [404, 'upstream_model_gone'],
  [408, 'upstream_timeout'],
  [413, 'too_large'],
  // A model that failed behind the host, not a request that is wrong.
  [424, 'upstream_error'],
  [429, 'upstream_rate_limited'],
  // No capacity left in a flexible tier.
  [498, 'upstream_rate_limited'],
  [503, 'upstream_overloaded'],
  [504, 'upstream_timeout'],
  [529, 'upstream_overloaded'],
]);

/** What a status alone says of a failure, whatever the dialect; undefined for one that is no failure. */
export function codeOfStatus(status: number): FaultCode | undefined {
  if (status < 400) return undefined;
  return codes.get(status) ?? (status < 500 ? 'upstream_rejected' : 'upstream_error');
}
