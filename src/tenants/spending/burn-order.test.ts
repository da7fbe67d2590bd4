import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { burn, type BurnableGrant, refundParts, unburn } from './burn-order.ts';

const dollar = 1_000_000_000n;

function grant(id: string, dollars: bigint, more: Partial<BurnableGrant> = {}): BurnableGrant {
  const amounts = { amountNanos: dollars * dollar, remainingNanos: dollars * dollar };
  const base = { kind: 'prepaid' as const, priority: 0, effectiveAtMs: 0, expiresAtMs: undefined, createdAtMs: 0 };
  return { id, ...amounts, ...base, isExpired: false, ...more };
}

const short = (parts: readonly { kind: string; amountNanos: bigint }[]) =>
  parts.map(({ kind, amountNanos }) => `${kind} ${amountNanos / dollar}`);

describe('grants', () => {
  it('[money 53] burn in order and come back in the reverse of it', () => {
    const grants = [grant('paid', 10n), grant('gift', 5n, { kind: 'promo', expiresAtMs: 1_000 })];
    const parts = burn(grants, 7n * dollar, 500);
    expect(short(parts)).toEqual(['promo 5', 'prepaid 2']);
    expect(short(refundParts(parts, 3n * dollar))).toEqual(['prepaid 2', 'promo 1']);
    expect(short(unburn(grants, 3n * dollar, 0n))).toEqual(['prepaid 2', 'promo 1']);
    expect(grants.map(({ remainingNanos }) => remainingNanos / dollar)).toEqual([10n, 1n]);
    expect(() => refundParts(parts, 8n * dollar)).toThrow('more than what was charged');
  });

  it('[money 54] of equal priority and expiry burn by their creation', () => {
    const grants = [grant('b', 1n, { createdAtMs: 2 }), grant('a', 1n, { createdAtMs: 1 })];
    expect(burn(grants, dollar, 5).map(({ grantId }) => grantId)).toEqual(['a']);
    const first = [...grants, grant('c', 1n, { priority: -1, createdAtMs: 9 })];
    expect(burn(first, dollar, 5).map(({ grantId }) => grantId)).toEqual(['c']);
  });

  it('[money 55] that were written off still pay for what started before', () => {
    const gift = grant('gift', 5n, { kind: 'promo', expiresAtMs: 1_000, isExpired: true });
    expect(burn([gift], dollar, 999)).toEqual([
      { kind: 'promo', grantId: 'gift', amountNanos: dollar, fromBreakage: true },
    ]);
    expect(burn([gift], dollar, 1_000)).toEqual([{ kind: 'receivable', amountNanos: dollar }]);
  });

  it('pay every charge exactly and never more than they hold', () => {
    const amount = fc.bigInt({ min: 0n, max: 20n });
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 6 }), fc.array(amount, { maxLength: 20 }), (sizes, charges) => {
        const grants = sizes.map((size, index) => grant(`g${index}`, size, { priority: index % 3 }));
        let burnt = 0n;
        for (const charge of charges) {
          const parts = burn(grants, charge, 1);
          expect(parts.reduce((sum, part) => sum + part.amountNanos, 0n)).toBe(charge);
          burnt += parts.filter(({ kind }) => kind !== 'receivable').reduce((sum, part) => sum + part.amountNanos, 0n);
        }
        const left = grants.reduce((sum, { remainingNanos }) => sum + remainingNanos, 0n);
        const given = grants.reduce((sum, { amountNanos }) => sum + amountNanos, 0n);
        expect(left + burnt).toBe(given);
        expect(grants.every(({ remainingNanos }) => remainingNanos >= 0n)).toBe(true);
      }),
    );
  });
});
