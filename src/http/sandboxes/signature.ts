import { createHash, timingSafeEqual } from 'node:crypto';

/** What a signed address says. */
export interface SignedAccess {
  readonly path: string;
  readonly operation: 'read' | 'write';
  readonly user: string;
  readonly signature: string;
  /** Seconds since the epoch; absent: as long as the sandbox lives. */
  readonly expiration: string | undefined;
}

/** Reads a signed address; undefined when it bears no signature. */
export function readSigned(query: URLSearchParams, operation: SignedAccess['operation']): SignedAccess | undefined {
  const signature = query.get('signature');
  if (signature === null || signature === '') return undefined;
  return {
    path: query.get('path') ?? '',
    operation,
    user: query.get('username') ?? '',
    signature,
    expiration: query.get('signature_expiration') ?? undefined,
  };
}

/** Whether its time is over, or no time at all. */
export function isExpired({ expiration }: SignedAccess, nowMs: number): boolean {
  if (expiration === undefined) return false;
  return !/^\d{1,15}$/.test(expiration) || Number(expiration) * 1000 <= nowMs;
}

/** Whether it was signed with this token. */
export function isSignedBy(access: SignedAccess, token: string): boolean {
  const { path, operation, user, signature, expiration } = access;
  const signed = [path, operation, user, token, ...(expiration === undefined ? [] : [expiration])].join(':');
  const right = `v1_${createHash('sha256').update(signed).digest('base64').replace(/=+$/, '')}`;
  const [one, other] = [Buffer.from(signature), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
