import { createHash } from 'node:crypto';

/** Whose something is: nothing kept for one key is ever found through another. */
export interface Owner {
  readonly customer: string;
  readonly key: string;
}

/** File name of what an owner has under an id; says nothing about either, and equals no other owner's. */
export function ownedName({ customer, key }: Owner, ...id: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([customer, key, ...id]))
    .digest('hex');
}
