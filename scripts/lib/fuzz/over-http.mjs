// @ts-check
// Cases against the booted product: hostile heads and bodies from clients, hostile streams from upstreams.
import { connect } from 'node:net';
import { seededRandom, seedOf } from '../product/seeded-random.mjs';
import { seedMark } from './hostile-upstream.mjs';
import { hostileBody } from './mutate.mjs';
import { sampleRequests } from './sample-requests.mjs';

/** @typedef {import('../product/seeded-random.mjs').SeededRandom} SeededRandom */

/** Longest life of a case; the product's own limits are all shorter. */
const limitMs = 15_000;
const protocols = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini', 'bedrock', 'azure-openai'];

/**
 * A configuration whose models all lead to the hostile upstream, with timers short enough to wait for.
 * @param {number} upstreamPort
 */
export function hostileConfig(upstreamPort) {
  const hosts = protocols.map((protocol) => {
    const auth =
      protocol === 'bedrock'
        ? ', auth: { type: aws, region: eu-west-1, accessKeyId: env:FUZZ_ID, secretAccessKey: env:FUZZ_SECRET }'
        : '';
    const azure =
      protocol === 'azure-openai' ? ', auth: { type: azure, apiVersion: "2024-10-21", apiKey: env:FUZZ_SECRET }' : '';
    const timeouts = 'timeouts: { connectMs: 1000, firstTokenMs: 400, idleMs: 400, totalMs: 2000 }';
    return `  fuzz-${protocol}: { protocol: ${protocol}, baseUrl: "http://127.0.0.1:${upstreamPort}/v1", ${timeouts}${auth}${azure} }`;
  });
  const models = protocols.map(
    (protocol) =>
      `  hostile-${protocol}: { endpoints: [{ host: fuzz-${protocol}, model: m }], policy: { maxAttempts: 1 } }`,
  );
  return [
    'log: { level: error }',
    'server: { headersTimeoutMs: 1000, bodyTimeoutMs: 1000, maxBodyBytes: 1048576, keepaliveMs: 200 }',
    'journal: { durability: relaxed }',
    'database: off',
    'runtime: { enabled: false }',
    'hosts:',
    ...hosts,
    'models:',
    ...models,
    '',
  ].join('\n');
}

/** Secrets that the configuration names. */
export const hostileEnvironment = { FUZZ_ID: 'AKIDFUZZ', FUZZ_SECRET: 'secret-of-fuzz' };

/**
 * Runs cases over HTTP, some at a time. Returns one line for each failure.
 * @param {{ port: number, seed: number, from?: number, count: number, concurrency?: number }} range
 * @returns {Promise<string[]>}
 */
export async function runHttpCases({ port, seed, from = 0, count, concurrency = 24 }) {
  /** @type {string[]} */
  const failures = [];
  let next = from;
  const work = async () => {
    while (next < from + count && failures.length < 50) {
      const index = next;
      next += 1;
      const random = seededRandom(seedOf(seed, index) ^ 0x5bd1e995);
      const { name, bytes, ends } = makeCase(random);
      const failure = judge(await exchange(port, bytes, ends));
      if (failure !== undefined) failures.push(`${name} over HTTP, --seed ${seed} --http-from ${index}: ${failure}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return failures;
}

/**
 * @param {SeededRandom} random
 * @returns {{ name: string, bytes: Buffer, ends: boolean }}
 */
function makeCase(random) {
  const roll = random.unit();
  if (roll < 0.45) return { name: 'hostile upstream', bytes: upstreamCase(random), ends: true };
  if (roll < 0.8) return { name: 'hostile body', bytes: bodyCase(random), ends: true };
  // A few heads are never finished: those wait for the timer of slow heads.
  return { name: 'hostile head', bytes: headCase(random), ends: random.chance(0.9) };
}

/**
 * @param {string} path
 * @param {Buffer} body
 * @param {readonly string[]} headers
 */
function post(path, body, headers = []) {
  const lines = [`POST ${path} HTTP/1.1`, 'host: 127.0.0.1', 'connection: close', 'content-type: application/json'];
  const head = [...lines, ...headers, `content-length: ${body.length}`].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body]);
}

/** @param {SeededRandom} random */
function upstreamCase(random) {
  const model = `hostile-${random.pick(protocols)}`;
  const text = `${seedMark}${random.below(2 ** 31)} `;
  const stream = random.chance(0.75);
  const message = { role: 'user', content: text };
  switch (random.below(4)) {
    case 0:
      return post('/v1/chat/completions', json({ model, stream, messages: [message] }));
    case 1:
      return post('/v1/responses', json({ model, stream, input: text }));
    case 2:
      return post('/v1/messages', json({ model, stream, max_tokens: 100, messages: [message] }));
    default: {
      const method = random.pick(['generateContent', 'streamGenerateContent', 'streamGenerateContent?alt=sse']);
      return post(`/v1beta/models/${model}:${method}`, json({ contents: [{ role: 'user', parts: [{ text }] }] }));
    }
  }
}

/** @param {object} value */
function json(value) {
  return Buffer.from(JSON.stringify(value));
}

const otherPaths = [
  '/v1/embeddings',
  '/v1/completions',
  '/v1/messages/count_tokens',
  '/v1/rerank',
  '/v1/images/edits',
  '/v1/audio/transcriptions',
  '/v1beta/models/sim%2Fsmall:countTokens',
  '/v1beta/models/sim%2Fsmall:constructor',
  '/v1/models/__proto__',
  '/v1/files',
  '/v1/responses/resp_1',
  '/api/v1/outcomes',
  '/v1/%zz',
];

/** @param {SeededRandom} random */
function bodyCase(random) {
  const sample = random.pick(sampleRequests);
  const path = random.chance(0.8) ? sample.path : random.pick(otherPaths);
  const boundary = random.pick(['"', 'x', '', 'a;b=c', 'x'.repeat(300)]);
  const headers = random.chance(0.1) ? [`content-type: multipart/form-data; boundary=${boundary}`] : [];
  return post(path, hostileBody(random, sample.body), headers);
}

const hostileHeaders = [
  'content-length: 5',
  'content-length: -1',
  'content-length: 99999999999999999999',
  'content-length: 5\r\ncontent-length: 6',
  'transfer-encoding: chunked',
  'transfer-encoding: chunked, identity',
  'transfer-encoding: gzip',
  'transfer-encoding : chunked',
  'content-encoding: gzip',
  'expect: 100-continue',
  'expect: something-else',
  'upgrade: websocket\r\nconnection: upgrade',
  'host: evil.example',
  'authorization: Bearer \u00ff\u00fe',
  'x-switchyard-deadline-ms: 1e999',
  'x-switchyard-deadline-ms: 1',
  'x-switchyard-session: \u0001',
  'x-switchyard-job: __proto__',
  'anthropic-version: x',
  'content-type: multipart/form-data; boundary=',
  ': no name',
  'no colon',
  'folded: a\r\n b',
  'nul: a\u0000b',
  'bad name: x',
];

/** @param {SeededRandom} random */
function headCase(random) {
  const methods = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'CONNECT', 'get', 'G\u0000T', 'X'.repeat(100), ''];
  const paths = [
    '/v1/chat/completions',
    '/v1/models',
    '*',
    '//',
    '/\u0000',
    'http://a/',
    `/${'p'.repeat(40_000)}`,
    '/v1?key=%',
  ];
  const versions = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', ''];
  const lines = [`${random.pick(methods)} ${random.pick(paths)} ${random.pick(versions)}`];
  if (random.chance(0.8)) lines.push('host: 127.0.0.1', 'connection: close');
  for (let count = random.below(4); count > 0; count -= 1) lines.push(random.pick(hostileHeaders));
  if (random.chance(0.1)) lines.push(`x-oversized: ${'z'.repeat(random.below(100_000))}`);
  if (random.chance(0.1)) for (let index = 0; index < 3000; index += 1) lines.push(`x-${index}: 1`);
  const head = Buffer.from(`${lines.join(random.chance(0.9) ? '\r\n' : '\n')}\r\n\r\n`, 'latin1');
  const whole = Buffer.concat([head, random.chance(0.5) ? Buffer.from('{"a":') : Buffer.alloc(0)]);
  return random.chance(0.3) ? whole.subarray(0, random.below(whole.length)) : whole;
}

/**
 * Sends bytes and reads until the server closes. A client that `ends` closes its own side after half a second.
 * @param {number} port
 * @param {Buffer} bytes
 * @param {boolean} ends
 * @returns {Promise<{ text: string, closed: boolean }>}
 */
function exchange(port, bytes, ends) {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: false });
    const finish = (/** @type {boolean} */ closed) => {
      clearTimeout(limit);
      clearTimeout(leaving);
      socket.destroy();
      resolve({ text, closed });
    };
    const limit = setTimeout(() => finish(false), limitMs);
    // Whoever sent half a request and leaves must not be waited for; whoever stays is sent away by a timer.
    const leaving = setTimeout(() => ends && text === '' && socket.end(), 3000);
    socket.setEncoding('latin1');
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (piece) => {
      if (text.length < 200_000) text += piece;
    });
    socket.on('error', () => finish(true));
    socket.on('close', () => finish(true));
  });
}

/** @param {{ text: string, closed: boolean }} result */
function judge({ text, closed }) {
  if (!closed) return `hung for ${limitMs} ms after ${JSON.stringify(text.slice(0, 200))}`;
  if (text.startsWith('HTTP/1.1 500') || /"code":\s*"internal"/.test(text))
    return `our own fault: ${text.slice(0, 600)}`;
  if (text.includes(hostileEnvironment.FUZZ_SECRET)) return 'a secret came out';
  return undefined;
}
