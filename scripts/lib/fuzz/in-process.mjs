// @ts-check
// Cases without a socket: every decoder, encoder and reader of foreign bytes, a thousand times faster than over HTTP.
import { loadBuilt } from '../product/load-built.mjs';
import { frameStream, sampleAnswers, sampleStreams } from './sample-answers.mjs';
import { hostileBody, hostileStream, mutateBytes, mutateValue, splitBytes } from './mutate.mjs';
import { sampleRequests } from './sample-requests.mjs';

/** @typedef {import('../product/seeded-random.mjs').SeededRandom} SeededRandom */
/** @typedef {(random: SeededRandom) => void} FuzzCase throws what is wrong */

/**
 * Makes the in-process cases over the built product.
 * @returns {Promise<{ readonly [name: string]: FuzzCase }>}
 */
export async function inProcessCases() {
  const parts = await loadParts();
  return {
    'request body': (random) => fuzzBody(parts, random),
    'upstream stream': (random) => fuzzStream(parts, random),
    'upstream answer': (random) => fuzzAnswer(parts, random),
    'upstream failure': (random) => fuzzFailure(parts, random),
  };
}

async function loadParts() {
  const [protocols, providers, { parseBody }, { Fault }] = await Promise.all([
    loadBuilt('protocols/index.js'),
    loadBuilt('providers/index.js'),
    loadBuilt('gateway/parse-body.js'),
    loadBuilt('domain/faults/fault.js'),
  ]);
  /** @type {{ [dialect: string]: any }} */
  const inbounds = {
    'openai-chat': protocols.openAIChatInbound,
    'openai-responses': protocols.openAIResponsesInbound,
    'anthropic-messages': protocols.anthropicMessagesInbound,
    gemini: protocols.geminiInbound,
  };
  /** @type {{ [dialect: string]: any }} */
  const outbounds = {
    'openai-chat': protocols.openAIChatOutbound,
    'openai-responses': protocols.openAIResponsesOutbound,
    'anthropic-messages': protocols.anthropicMessagesOutbound,
    gemini: protocols.geminiOutbound,
    'bedrock-converse': protocols.bedrockConverseOutbound,
  };
  const registry = providers.createProviderRegistry({ clock: { nowMs: () => 1, monotonicMs: () => 1 } });
  /** @type {readonly any[]} */
  const definitions = providers.providerDefinitions;
  const endpoints = definitions.map((definition) => ({
    provider: registry.getProvider(definition.id),
    endpoint: endpointOf(definition),
  }));
  return { inbounds, outbounds, endpoints, parseBody, Fault };
}

/** @typedef {Awaited<ReturnType<typeof loadParts>>} Parts */

/** @param {any} definition */
function endpointOf({ id, protocol, baseUrl, baseUrlExample }) {
  const auths = {
    bedrock: { type: 'aws', region: 'eu-west-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-of-fuzz' },
    'azure-openai': { type: 'azure', apiVersion: '2024-10-21', apiKey: 'secret-of-fuzz' },
    vertex: {
      type: 'google',
      project: 'p',
      location: 'global',
      clientEmail: 'a@b',
      privateKey: '',
      tokenUrl: 'http://a',
    },
  };
  return {
    id: `${id}/m`,
    modelName: 'm',
    upstreamModel: 'vendor/m:8b',
    weight: 1,
    price: undefined,
    limits: {},
    capabilities: {},
    host: {
      id,
      protocol,
      providerId: id,
      baseUrl: baseUrl ?? baseUrlExample ?? 'https://host.example/v1',
      auth: /** @type {any} */ (auths)[protocol] ?? { type: 'api-key', apiKey: 'secret-of-fuzz' },
      timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
      headers: {},
      maxConnections: 1,
    },
  };
}

const context = {
  requestId: 'req_1',
  model: 'm',
  createdAtS: 1,
  wantsUsage: true,
  framing: 'sse',
  request: {},
  newId: (/** @type {string} */ prefix) => `${prefix}_1`,
};

/**
 * From bytes to an upstream request, as the gateway goes.
 * @param {Parts} parts
 * @param {SeededRandom} random
 */
function fuzzBody({ inbounds, endpoints, parseBody, Fault }, random) {
  const sample = random.pick(sampleRequests);
  const bytes = hostileBody(random, sample.body);
  const inbound = inbounds[sample.dialect];
  /** @param {any} fault */
  const refuse = (fault) => {
    if (fault.code === 'internal') throw new Error('a refusal is called internal', { cause: fault });
    JSON.stringify(inbound.encodeFault(fault, 'req_1'));
  };
  const body = parseBody(bytes, 128);
  if (Fault.is(body)) return refuse(body);
  const route = { operation: 'generate', ...(sample.dialect === 'gemini' && { model: 'm', stream: true }) };
  const head = inbound.readHead(body, route);
  if (Fault.is(head)) return refuse(head);
  head.features();
  head.prefix();
  expectCount(head.estimateInputTokens(), 'the estimate of input tokens');
  const { provider, endpoint } = random.pick(endpoints);
  const call = {
    operation: head.operation,
    dialect: sample.dialect,
    bytes,
    body,
    stream: head.stream,
    contentType: 'application/json',
    headers: {},
    parse: () => inbound.parseCall(body, head),
  };
  const encoded = provider.encode(call, endpoint);
  if (Fault.is(encoded)) return refuse(encoded);
  JSON.parse(encoded.request.body.toString());
}

/**
 * @param {unknown} count
 * @param {string} what
 */
function expectCount(count, what) {
  if (typeof count !== 'number' || !(count >= 0) || !Number.isFinite(count)) throw new Error(`${what} is ${count}`);
}

/**
 * From the bytes of an upstream stream to what a client of some dialect is sent.
 * @param {Parts} parts
 * @param {SeededRandom} random
 */
function fuzzStream({ inbounds, outbounds, Fault }, random) {
  const dialect = random.pick(Object.keys(outbounds));
  const bytes = hostileStream(random, { dialect, events: sampleStreams[dialect] ?? [], frame: frameStream });
  const decoder = outbounds[dialect].openDecoder();
  const encoder = inbounds[random.pick(Object.keys(inbounds))].openEncoder(context);
  const blocks = new Map();
  let text = '';
  let seenBytes = 0;
  /** @type {any} */
  let fault;
  /** @param {readonly any[]} frames */
  const take = (frames) => {
    for (const frame of frames) {
      seenBytes += frame.bytes.length;
      for (const part of frame.parts) {
        if (fault !== undefined) return;
        checkBlock(blocks, part);
        if (part.type === 'error') fault = part.fault;
        else text += encoder.push(part);
      }
    }
  };
  for (const piece of splitBytes(random, bytes)) {
    take(decoder.push(piece));
    if (fault !== undefined) break;
  }
  if (fault === undefined) take(decoder.end());
  // A binary stream that is cut off in the middle of a frame ends in a fault; text is passed on to the last byte.
  if (fault === undefined && dialect !== 'bedrock-converse' && seenBytes !== bytes.length)
    throw new Error(`${bytes.length} bytes in, ${seenBytes} out`);
  if (fault !== undefined && !Fault.is(fault)) throw new Error('an error part without a fault');
  text += fault === undefined ? encoder.end() : encoder.fail(fault);
  checkEvents(text);
}

/**
 * Parts come in order: what is not open cannot go on, and nothing ends twice.
 * @param {Map<string, string>} blocks
 * @param {any} part
 */
function checkBlock(blocks, part) {
  // A message that begins anew replaces what came before it.
  if (part.type === 'start') blocks.clear();
  const [, kind, step] = /^(text|reasoning|tool-call)-(start|delta|end)$/.exec(part.type) ?? [];
  if (kind === undefined) return;
  const id = String(part.index);
  const state = blocks.get(id);
  if (step === 'start' ? state !== undefined : state !== kind) {
    throw new Error(`${part.type} of block ${id}, which is ${state ?? 'not started'}`);
  }
  blocks.set(id, step === 'end' ? 'over' : kind);
}

/**
 * Every event that a client gets is JSON, or the terminator.
 * @param {string} text
 */
function checkEvents(text) {
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('event: ') || line.startsWith(':') || line === 'data: [DONE]') continue;
    if (!line.startsWith('data: ')) throw new Error(`a line that is no event: ${line.slice(0, 80)}`);
    JSON.parse(line.slice('data: '.length));
  }
}

/**
 * From a whole upstream answer to that of a client's dialect.
 * @param {Parts} parts
 * @param {SeededRandom} random
 */
function fuzzAnswer({ inbounds, outbounds, Fault }, random) {
  const dialect = random.pick(Object.keys(outbounds));
  const body = JSON.parse(JSON.stringify(mutateValue(random, sampleAnswers[dialect])) ?? 'null');
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return;
  const completion = outbounds[dialect].decodeCompletion(body);
  if (Fault.is(completion)) return;
  const inbound = inbounds[random.pick(Object.keys(inbounds))];
  JSON.parse(JSON.stringify(inbound.encodeCompletion(completion, context)));
}

const statuses = [301, 400, 401, 402, 403, 404, 408, 409, 413, 418, 422, 429, 500, 502, 503, 504, 529, 599];
const waits = ['', '0', '-1', '1e9', 'soon', '99999999999999999999', 'Wed, 21 Oct 2099 07:28:00 GMT', '1h2m', '5ms'];
const failureBodies = [
  { error: { message: 'no', type: 'invalid_request_error', code: 'context_length_exceeded', param: 'messages' } },
  { type: 'error', error: { type: 'overloaded_error', message: 'busy' } },
  { error: { code: 429, message: 'slow', status: 'RESOURCE_EXHAUSTED', details: [{ retryDelay: '34.4s' }] } },
  { message: 'Too many requests', __type: 'ThrottlingException' },
  { detail: [{ loc: ['body'], msg: 'bad' }] },
];

/**
 * From an upstream's refusal to the fault that a client is told.
 * @param {Parts} parts
 * @param {SeededRandom} random
 */
function fuzzFailure({ inbounds, endpoints, Fault }, random) {
  const { provider, endpoint } = random.pick(endpoints);
  const body = Buffer.from(JSON.stringify(mutateValue(random, random.pick(failureBodies))) ?? '');
  const headers = {
    'retry-after': random.pick(waits),
    'retry-after-ms': random.pick(waits),
    'x-ratelimit-reset-requests': random.pick(waits),
    'content-type': random.pick(['application/json', 'text/html', '']),
  };
  const failure = {
    kind: 'status',
    status: random.pick(statuses),
    headers: random.chance(0.5) ? headers : {},
    body: random.chance(0.4) ? mutateBytes(random, body) : body,
  };
  const fault = provider.classify(failure, 1_800_000_000_000, endpoint);
  if (!Fault.is(fault) || fault.code === 'internal') throw new Error(`classified as ${fault?.code}`);
  if (fault.retryAfterMs !== undefined) expectCount(fault.retryAfterMs, 'the wait');
  const text = JSON.stringify(inbounds[random.pick(Object.keys(inbounds))].encodeFault(fault, 'req_1'));
  if (text.includes('secret-of-fuzz')) throw new Error('a refusal names a secret');
}
