/** Value of a key column. */
export type KeyValue = string | number;

interface Branch<Value> {
  readonly below: Map<KeyValue, Branch<Value>>;
  value: Value | undefined;
}

/**
 * Values by several keys, one level of the tree for each: looking one up makes nothing, where a name put together of
 * the keys would be made, hashed and thrown away for every attempt.
 */
export class KeyTree<Value> {
  readonly #root: Branch<Value> = { below: new Map(), value: undefined };

  /** The value under some keys, made when there is none. */
  take(keys: readonly KeyValue[], make: (keys: readonly KeyValue[]) => Value): Value {
    let branch = this.#root;
    for (const key of keys) {
      let next = branch.below.get(key);
      if (!next) branch.below.set(key, (next = { below: new Map(), value: undefined }));
      branch = next;
    }
    return (branch.value ??= make(keys));
  }
}
