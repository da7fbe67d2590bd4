// @ts-check

/** @typedef {import('../product/seeded-random.mjs').SeededRandom} SeededRandom */

/**
 * Values that no field expects everywhere: wrong types, edges of types, names with a meaning of their own.
 * @type {readonly any[]}
 */
const hostileValues = [
  null,
  true,
  false,
  0,
  -1,
  0.1,
  1e308,
  -1e308,
  2 ** 53 + 2,
  -(2 ** 31),
  '',
  ' ',
  'null',
  '{}',
  '{"a":',
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  '\u2028\u2029',
  '😀'.repeat(40),
  'x'.repeat(5000),
  '../../etc/passwd',
  'data:,',
  'data:image/png;base64,%%%',
  'http://169.254.169.254/latest/meta-data',
  [],
  [[]],
  [null],
  [[[[[[]]]]]],
  {},
  { type: null },
  { type: 'text' },
  { type: 'function' },
  { type: ['text'] },
  { toString: 'x' },
  { length: 1e9 },
  { 0: 'a', length: 1 },
];

const hostileKeys = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'type', 'then', '', '0'];

/**
 * A copy of a JSON value with some of its parts replaced, removed, repeated or renamed.
 * @param {SeededRandom} random
 * @param {any} sample
 */
export function mutateValue(random, sample) {
  let value = structuredClone(sample);
  const count = 1 + random.below(random.chance(0.2) ? 12 : 3);
  for (let step = 0; step < count; step += 1) value = mutateOnce(random, value);
  return value;
}

/**
 * @param {SeededRandom} random
 * @param {any} root
 */
function mutateOnce(random, root) {
  const holder = pickHolder(random, root);
  if (holder === undefined) return structuredClone(random.pick(hostileValues));
  const keys = Object.keys(holder);
  const key = keys.length > 0 ? random.pick(keys) : '0';
  switch (random.below(8)) {
    case 0:
      delete holder[key];
      break;
    case 1:
      define(holder, random.pick(hostileKeys), structuredClone(random.pick(hostileValues)));
      break;
    case 2:
      define(holder, random.pick(hostileKeys), structuredClone(holder[key]));
      break;
    case 3:
      if (Array.isArray(holder))
        for (let at = 0, end = Math.min(holder.length, 20); at < end; at += 1) holder[holder.length] = holder[at];
      else define(holder, key, [holder[key], holder[key]]);
      break;
    case 4:
      define(holder, key, structuredClone(holder[random.pick(keys.length > 0 ? keys : ['0'])]));
      break;
    default:
      define(holder, key, structuredClone(random.pick(hostileValues)));
  }
  return root;
}

/**
 * An assignment to `__proto__` would change the prototype instead of making the key.
 * @param {any} holder
 * @param {string} key
 * @param {any} value
 */
function define(holder, key, value) {
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * @param {SeededRandom} random
 * @param {any} root
 */
function pickHolder(random, root) {
  let holder = typeof root === 'object' && root !== null ? root : undefined;
  for (let depth = random.below(7); depth > 0 && holder !== undefined; depth -= 1) {
    const inner = Object.values(holder).filter((value) => typeof value === 'object' && value !== null);
    if (inner.length === 0) break;
    holder = random.pick(inner);
  }
  return holder;
}

/**
 * Bytes with some of them damaged: flipped, removed, repeated, cut off, or with something hostile in between.
 * @param {SeededRandom} random
 * @param {Buffer} source
 * @returns {Buffer}
 */
export function mutateBytes(random, source) {
  /** @type {Buffer} */
  let bytes = Buffer.from(source);
  const count = 1 + random.below(4);
  for (let step = 0; step < count; step += 1) bytes = damage(random, bytes);
  return bytes;
}

const splinters = [
  '\r',
  '\n\n',
  '\r\n\r\n',
  '\u0000',
  'data: ',
  'data: {}\n\n',
  'data: [DONE]\n\n',
  'event: error\n',
  ': comment\n\n',
  'data: {"error":{"message":"x","code":429}}\n\n',
  '"',
  '\\',
  '[',
  '{',
  '}',
  '1e999',
  '\\ud800',
  '\ufeff',
  '[['.repeat(300),
  '{"a":'.repeat(300),
].map((text) => Buffer.from(text));
const invalidUtf8 = [
  Buffer.from([0xff]),
  Buffer.from([0xc3]),
  Buffer.from([0xf0, 0x9f]),
  Buffer.from([0xed, 0xa0, 0x80]),
];

/**
 * @param {SeededRandom} random
 * @param {Buffer} bytes
 */
function damage(random, bytes) {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + random.below(random.chance(0.3) ? 400 : 12));
  switch (random.below(7)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(16)), bytes.subarray(at)]);
    case 4: {
      const flipped = Buffer.from(bytes);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
      return flipped;
    }
    case 5:
      return Buffer.concat([bytes.subarray(0, at), random.pick(invalidUtf8), bytes.subarray(at)]);
    default:
      return Buffer.concat([bytes.subarray(0, at), random.pick(splinters), bytes.subarray(at)]);
  }
}

/**
 * A body for a sample request: sometimes well-formed JSON of the wrong shape, sometimes hardly JSON.
 * @param {SeededRandom} random
 * @param {any} sample
 * @returns {Buffer}
 */
export function hostileBody(random, sample) {
  switch (random.below(12)) {
    case 0:
      return random.bytes(random.below(300));
    case 1:
      return Buffer.from(`${random.pick(['[', '{"a":', '{"messages":[', '"\\u'])}`.repeat(1 + random.below(3000)));
    case 2:
      return Buffer.from(withDuplicateKeys(random, JSON.stringify(sample)));
    case 3:
    case 4:
      return mutateBytes(random, Buffer.from(JSON.stringify(sample)));
    case 5:
      return mutateBytes(random, Buffer.from(JSON.stringify(mutateValue(random, sample)) ?? ''));
    case 6:
      return Buffer.from(JSON.stringify(random.pick(hostileValues)));
    default:
      return Buffer.from(JSON.stringify(mutateValue(random, sample)) ?? '');
  }
}

/**
 * @param {SeededRandom} random
 * @param {string} text
 */
function withDuplicateKeys(random, text) {
  const doubles = ['"model":1,', '"stream":"yes",', '"messages":{},', '"__proto__":{"x":1},', '"model":"sim/small",'];
  return text.replace('{', `{${random.pick(doubles)}${random.pick(doubles)}`);
}

/**
 * Cuts bytes into pieces at random places, sometimes into single bytes.
 * @param {SeededRandom} random
 * @param {Buffer} bytes
 * @returns {Buffer[]}
 */
export function splitBytes(random, bytes) {
  const usual = random.pick([1, 7, 64, 1024, 1 << 20]);
  const pieces = [];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + 1 + random.below(usual));
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

/**
 * A stream of a dialect that went wrong on its way.
 * @param {SeededRandom} random
 * @param {{ dialect: string, events: readonly import('./sample-answers.mjs').SampleEvent[], frame: (dialect: string, events: any) => Buffer }} sample
 * @returns {Buffer}
 */
export function hostileStream(random, { dialect, events, frame }) {
  if (random.chance(0.05)) return random.bytes(random.below(600));
  const shaken = events.flatMap((event) => {
    const roll = random.unit();
    if (roll < 0.06) return [];
    if (roll < 0.1) return [event, event];
    if (roll < 0.14) return [random.pick(events), event];
    if (roll > 0.8) return [{ ...event, data: mutateValue(random, event.data) }];
    return [event];
  });
  const bytes = frame(dialect, shaken);
  return random.chance(0.5) ? mutateBytes(random, bytes) : bytes;
}
