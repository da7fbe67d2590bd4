import { hash32 } from '../../routing/index.ts';

/** Which side answers a request, and the exact chance that it did. */
export interface Assignment {
  readonly arm: 'incumbent' | 'candidate';
  readonly propensity: number;
}

/**
 * Assigns by a salted hash of the unit (conversation or customer): the same unit stays on its side, and one that the
 * candidate got at a small share it keeps at a larger one.
 */
export function assignArm(salt: string, unit: string, share: number): Assignment {
  const place = hash32(`${salt}\n${unit}`) / 0x1_0000_0000;
  return place < share ? { arm: 'candidate', propensity: share } : { arm: 'incumbent', propensity: 1 - share };
}
