import { timingSafeEqual } from 'node:crypto';

/** Compares a presented token in constant time. */
export function isToken(presented: string | undefined, token: string): boolean {
  if (presented === undefined) return false;
  const [one, other] = [Buffer.from(presented), Buffer.from(token)];
  return one.length === other.length && timingSafeEqual(one, other);
}
