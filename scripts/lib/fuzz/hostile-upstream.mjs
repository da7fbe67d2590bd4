// @ts-check
import { createServer } from 'node:net';
import { seededRandom } from '../product/seeded-random.mjs';
import { frameStream, sampleAnswers, sampleStreams } from './sample-answers.mjs';
import { hostileStream, mutateBytes, mutateValue } from './mutate.mjs';

/** @typedef {import('../product/seeded-random.mjs').SeededRandom} SeededRandom */

/** A prompt that holds this mark and a number is answered by the case of that seed. */
export const seedMark = 'fuzz-seed-';

const dialectOfPath = [
  { path: /\/chat\/completions/, dialect: 'openai-chat' },
  { path: /\/responses/, dialect: 'openai-responses' },
  { path: /\/messages/, dialect: 'anthropic-messages' },
  { path: /:(streamG|g)enerateContent/, dialect: 'gemini' },
  { path: /\/converse/, dialect: 'bedrock-converse' },
];

/**
 * Starts an upstream on raw sockets, which is not held back by what HTTP allows.
 * @returns {Promise<{ port: number, requests: () => number, close: () => Promise<void> }>}
 */
export async function startHostileUpstream() {
  let requests = 0;
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Gateways that give up on us reset connections.
    socket.on('error', () => undefined);
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const seed = new RegExp(`${seedMark}(\\d+)`).exec(received)?.[1];
      if (seed === undefined) return;
      const path = received.slice(0, received.indexOf('\r\n'));
      received = '';
      requests += 1;
      answer(socket, path, seededRandom(Number(seed)));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    requests: () => requests,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve(undefined));
      }),
  };
}

/**
 * @param {import('node:net').Socket} socket
 * @param {string} path
 * @param {SeededRandom} random
 */
function answer(socket, path, random) {
  const dialect = dialectOfPath.find((one) => one.path.test(path))?.dialect ?? 'openai-chat';
  const isStream = random.chance(0.7);
  const body = isStream
    ? hostileStream(random, { dialect, events: sampleStreams[dialect] ?? [], frame: frameStream })
    : wholeAnswer(random, dialect);
  const bytes = frameHttp(random, body, isStream);
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random.below(bytes.length);
    socket.write(bytes.subarray(at, end));
    at = end;
  }
  const roll = random.unit();
  if (roll < 0.6) socket.end();
  else if (roll < 0.8) socket.resetAndDestroy();
  // Else it stays open and says no more: the gateway's timers have to end it.
}

/**
 * @param {SeededRandom} random
 * @param {string} dialect
 */
function wholeAnswer(random, dialect) {
  const body = Buffer.from(JSON.stringify(mutateValue(random, sampleAnswers[dialect])) ?? '');
  return random.chance(0.3) ? mutateBytes(random, body) : body;
}

const contentTypes = ['text/event-stream', 'application/json', 'text/html', 'application/octet-stream', '', 'a/b;;;='];
const statusLines = [
  '200 OK',
  '200 OK',
  '200 OK',
  '204 No Content',
  '302 Found',
  '400 Bad',
  '429 Slow',
  '500 No',
  '599 x',
];

/**
 * @param {SeededRandom} random
 * @param {Buffer} body
 * @param {boolean} isStream
 */
function frameHttp(random, body, isStream) {
  if (random.chance(0.05)) return random.bytes(1 + random.below(500));
  const giant = random.chance(0.02) ? Buffer.alloc(200_000, 'data: x') : Buffer.alloc(0);
  const content = Buffer.concat([giant, body]);
  const head = [`HTTP/1.1 ${random.pick(statusLines)}`];
  const expected = isStream ? 'text/event-stream' : 'application/json';
  const type = random.chance(0.8) ? expected : random.pick(contentTypes);
  head.push(`content-type: ${type}`);
  if (random.chance(0.1)) head.push(`x-long: ${'y'.repeat(random.below(20_000))}`);
  if (random.chance(0.1)) head.push('location: http://169.254.169.254/latest/meta-data');
  const framing = random.below(4);
  if (framing === 0) head.push(`content-length: ${Math.max(0, content.length + random.pick([0, 0, 0, 10, -10, 1e9]))}`);
  if (framing === 1) head.push('transfer-encoding: chunked');
  const start = Buffer.from(`${head.join('\r\n')}\r\n\r\n`);
  const whole = Buffer.concat([start, framing === 1 ? chunked(random, content) : content]);
  return random.chance(0.1) ? mutateBytes(random, whole) : whole;
}

/**
 * @param {SeededRandom} random
 * @param {Buffer} content
 */
function chunked(random, content) {
  const size = random.chance(0.1) ? random.pick(['zz', '-1', 'ffffffff', '']) : content.length.toString(16);
  const end = random.chance(0.7) ? '\r\n0\r\n\r\n' : '';
  return Buffer.concat([Buffer.from(`${size}\r\n`), content, Buffer.from(end)]);
}
