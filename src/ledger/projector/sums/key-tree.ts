/** Value of a key column. */
export type KeyValue = string | number;

interface Branch<Value> {
  readonly below: Map<KeyValue, Branch<Value>>;
  /** What was asked for last: the attempts of an exchange share most of their keys and come one after the other. */
  lastKey: KeyValue | undefined;
  last: Branch<Value> | undefined;
  value: Value | undefined;
}

/**
 * Values by several keys, one level of the tree for each: looking one up makes nothing, where a name put together of
 * the keys would be made, hashed and thrown away for every attempt.
 */
export class KeyTree<Value> {
  readonly #root: Branch<Value> = newBranch();

  /** The value under some keys, made when there is none. */
  take(keys: readonly KeyValue[], make: (keys: readonly KeyValue[]) => Value): Value {
    let branch = this.#root;
    for (const key of keys) branch = key === branch.lastKey && branch.last ? branch.last : descend(branch, key);
    return (branch.value ??= make(keys));
  }
}

function descend<Value>(branch: Branch<Value>, key: KeyValue): Branch<Value> {
  let next = branch.below.get(key);
  if (!next) branch.below.set(key, (next = newBranch()));
  branch.lastKey = key;
  branch.last = next;
  return next;
}

function newBranch<Value>(): Branch<Value> {
  return { below: new Map(), lastKey: undefined, last: undefined, value: undefined };
}
