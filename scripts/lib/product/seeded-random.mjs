// @ts-check

/**
 * Repeatable randomness of the trial scripts: a failing seed can be run again.
 * @typedef {object} SeededRandom
 * @property {() => number} unit uniform in [0, 1)
 * @property {(limit: number) => number} below integer from 0 up to, not including, the limit
 * @property {<Item>(items: readonly Item[]) => Item} pick one of the items
 * @property {(share: number) => boolean} chance true with the given probability
 * @property {(length: number) => Buffer} bytes random bytes
 */

/**
 * Makes a random source from a seed (mulberry32).
 * @param {number} seed
 * @returns {SeededRandom}
 */
export function seededRandom(seed) {
  let state = seed >>> 0;
  const uint32 = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const unit = () => uint32() / 0x1_0000_0000;
  const below = (/** @type {number} */ limit) => Math.floor(unit() * limit);
  return {
    unit,
    below,
    pick: (items) => /** @type {any} */ (items[below(items.length)]),
    chance: (share) => unit() < share,
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  };
}

/**
 * Seed of one trial of a run: neighbouring trials do not resemble each other.
 * @param {number} seed
 * @param {number} index
 */
export function seedOf(seed, index) {
  return (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(index + 1, 0xc2b2ae35)) >>> 0;
}
