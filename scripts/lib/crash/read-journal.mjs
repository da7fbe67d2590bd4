// @ts-check
// A reader of the journal written from its format alone. It shares no code with the product: a mistake made in both
// the product's writer and its reader would otherwise go unseen.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} JournalFact
 * @property {string} type
 * @property {string} requestId
 * @property {string} [status]
 * @property {number} [attempts]
 * @property {number} [httpStatus]
 * @property {boolean} [estimated]
 */

const headerBytes = 12;
const firstFactType = 16;

const table = Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/**
 * @param {Buffer} bytes
 * @param {number} start checksum to continue
 */
function crc32(bytes, start) {
  let value = ~start;
  for (const byte of bytes) value = (value >>> 8) ^ (table[(value ^ byte) & 0xff] ?? 0);
  return ~value >>> 0;
}

/**
 * Facts of one segment; throws at the first byte that is not an intact frame.
 * @param {string} path
 * @param {string} gatewayId
 * @param {number} segment
 * @returns {JournalFact[]}
 */
function readSegment(path, gatewayId, segment) {
  const bytes = readFileSync(path);
  const seed = crc32(Buffer.from(`${gatewayId}/${segment}`), 0);
  /** @type {JournalFact[]} */
  const facts = [];
  for (let at = 0; at < bytes.length;) {
    const broken = (/** @type {string} */ why) => new Error(`${path} at ${at} of ${bytes.length}: ${why}`);
    if (bytes.length - at < headerBytes) throw broken('a torn header');
    if (bytes.toString('latin1', at, at + 2) !== 'SY') throw broken('no magic');
    const end = at + headerBytes + bytes.readUInt32LE(at + 4);
    if (end > bytes.length) throw broken('a torn body');
    const body = bytes.subarray(at + headerBytes, end);
    const expected = crc32(body, crc32(bytes.subarray(at + 2, at + 8), seed));
    if (bytes.readUInt32LE(at + 8) !== expected) throw broken('a wrong checksum');
    if (bytes.readUInt8(at + 2) >= firstFactType) facts.push(JSON.parse(body.toString('utf8')));
    at = end;
  }
  return facts;
}

/**
 * Numbers of the segments in a gateway's folder, oldest first.
 * @param {string} folder
 * @returns {number[]}
 */
export function segmentNumbers(folder) {
  const numbers = readdirSync(folder).flatMap((name) => {
    const digits = /^facts-(\d+)\.log$/.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
  return numbers.sort((one, other) => one - other);
}

/**
 * All facts from a segment on, in order.
 * @param {string} folder
 * @param {string} gatewayId
 * @param {number} from
 */
export function readJournal(folder, gatewayId, from) {
  return segmentNumbers(folder)
    .filter((segment) => segment >= from)
    .flatMap((segment) =>
      readSegment(join(folder, `facts-${String(segment).padStart(10, '0')}.log`), gatewayId, segment),
    );
}
