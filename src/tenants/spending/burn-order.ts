import type { FundingPart } from './contract.ts';

/** What a wallet's grant still holds. */
export interface BurnableGrant {
  readonly id: string;
  readonly kind: 'prepaid' | 'promo';
  readonly amountNanos: bigint;
  remainingNanos: bigint;
  /** Lower burns first. */
  readonly priority: number;
  readonly effectiveAtMs: number;
  /** Undefined: never. */
  readonly expiresAtMs: number | undefined;
  readonly createdAtMs: number;
  /** Its rest was written off already. */
  readonly isExpired: boolean;
}

/** Compares grants: priority, then earlier expiry, then earlier creation. */
function burnOrder(left: BurnableGrant, right: BurnableGrant): number {
  const expiry = (left.expiresAtMs ?? Number.POSITIVE_INFINITY) - (right.expiresAtMs ?? Number.POSITIVE_INFINITY);
  return (
    left.priority - right.priority ||
    // Infinity − Infinity is not a number: two grants that never expire are equal here.
    (Number.isNaN(expiry) ? 0 : expiry) ||
    left.createdAtMs - right.createdAtMs ||
    compareText(left.id, right.id)
  );
}

/**
 * Pays a charge from grants in burn order, the rest on account. What counts is when the exchange started: a late fact
 * still burns a grant that has expired since.
 */
export function burn(grants: readonly BurnableGrant[], chargeNanos: bigint, startedAtMs: number): FundingPart[] {
  const parts: FundingPart[] = [];
  let leftNanos = chargeNanos;
  for (const grant of [...grants].sort(burnOrder)) {
    if (leftNanos <= 0n) break;
    if (!isUsable(grant, startedAtMs)) continue;
    const amountNanos = grant.remainingNanos < leftNanos ? grant.remainingNanos : leftNanos;
    grant.remainingNanos -= amountNanos;
    leftNanos -= amountNanos;
    const part = { kind: grant.kind, grantId: grant.id, amountNanos };
    parts.push(grant.isExpired ? { ...part, fromBreakage: true } : part);
  }
  if (leftNanos > 0n) parts.push({ kind: 'receivable', amountNanos: leftNanos });
  return parts;
}

/** The parts that a refund gives back: those of the original, last burned first. */
export function refundParts(original: readonly FundingPart[], refundNanos: bigint): FundingPart[] {
  const parts: FundingPart[] = [];
  let leftNanos = refundNanos;
  for (const part of [...original].reverse()) {
    if (leftNanos <= 0n) break;
    const amountNanos = part.amountNanos < leftNanos ? part.amountNanos : leftNanos;
    leftNanos -= amountNanos;
    parts.push({ ...part, amountNanos });
  }
  if (leftNanos > 0n) throw new RangeError('a refund cannot be more than what was charged');
  return parts;
}

/** Gives an amount back to what paid last, when the original split is not at hand: the account, then grants in reverse order. */
export function unburn(grants: readonly BurnableGrant[], refundNanos: bigint, receivableNanos: bigint): FundingPart[] {
  const paid: FundingPart[] = [...grants]
    .sort(burnOrder)
    .map((grant) => ({
      kind: grant.kind,
      grantId: grant.id,
      amountNanos: grant.amountNanos - grant.remainingNanos,
      ...(grant.isExpired && { fromBreakage: true }),
    }))
    .filter((part) => part.amountNanos > 0n);
  if (receivableNanos > 0n) paid.push({ kind: 'receivable', amountNanos: receivableNanos });
  const paidNanos = paid.reduce((sum, part) => sum + part.amountNanos, 0n);
  const fromPaid = refundNanos < paidNanos ? refundNanos : paidNanos;
  const parts = refundParts(paid, fromPaid);
  for (const part of parts) {
    const grant = grants.find(({ id }) => id === part.grantId);
    if (grant) grant.remainingNanos += part.amountNanos;
  }
  if (refundNanos > fromPaid) parts.push({ kind: 'receivable', amountNanos: refundNanos - fromPaid });
  return parts;
}

function isUsable(grant: BurnableGrant, atMs: number): boolean {
  if (grant.remainingNanos <= 0n || atMs < grant.effectiveAtMs) return false;
  return grant.expiresAtMs === undefined || atMs < grant.expiresAtMs;
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
