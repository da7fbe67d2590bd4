// @ts-check
// Raw clients: nothing between the socket and the record of what was seen.
import { Agent, request } from 'node:http';

/**
 * What a client saw of one request.
 * @typedef {object} Seen
 * @property {string} label
 * @property {string | undefined} requestId
 * @property {number} status
 * @property {'none' | 'good' | 'failed'} end whether the client saw the end of an answer, and which
 */

/** @typedef {{ dialect: string, path: string, terminal: RegExp, body: (model: string, stream: boolean) => object }} Dialect */

/** @type {readonly Dialect[]} */
const dialects = [
  {
    dialect: 'openai-chat',
    path: '/v1/chat/completions',
    terminal: /data: \[DONE\]\n/,
    body: (model, stream) => ({ model, stream, messages: [{ role: 'user', content: 'Count to ten.' }] }),
  },
  {
    dialect: 'openai-responses',
    path: '/v1/responses',
    terminal: /event: response\.(completed|incomplete)\ndata: .*\n\n/,
    body: (model, stream) => ({ model, stream, input: 'Count to ten.' }),
  },
  {
    dialect: 'anthropic-messages',
    path: '/v1/messages',
    terminal: /event: message_stop\ndata: .*\n\n/,
    body: (model, stream) => ({ model, stream, max_tokens: 500, messages: [{ role: 'user', content: 'Count.' }] }),
  },
];

/**
 * Keeps a number of clients busy with a mix of dialects, models, streamed and whole answers until `stop` is called.
 * @param {{ port: number, clients: number, models: readonly string[], random: import('../product/seeded-random.mjs').SeededRandom }} options
 */
export function startLoad({ port, clients, models, random }) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  /** @type {Seen[]} */
  const seen = [];
  let isStopped = false;
  const work = async () => {
    while (!isStopped) {
      const dialect = random.pick(dialects);
      const one = await ask(agent, port, { dialect, model: random.pick(models), stream: random.chance(0.5) });
      seen.push(one);
      if (one.status === 0) return;
    }
  };
  const working = Promise.all(Array.from({ length: clients }, work));
  return {
    seen,
    /** Resolves when every client has seen its last byte. */
    async stop() {
      isStopped = true;
      await working;
      agent.destroy();
      return seen;
    },
  };
}

/**
 * One request as a client sees it; never rejects.
 * @param {Agent} agent
 * @param {number} port
 * @param {{ dialect: Dialect, model: string, stream: boolean }} call
 * @returns {Promise<Seen>}
 */
function ask(agent, port, { dialect, model, stream }) {
  const label = `${dialect.dialect} ${model} ${stream ? 'streamed' : 'whole'}`;
  return new Promise((resolve) => {
    let text = '';
    let isComplete = false;
    /** @type {Seen} */
    const one = { label, requestId: undefined, status: 0, end: 'none' };
    const settle = () => {
      const isGood = stream && one.status === 200 ? dialect.terminal.test(text) : isComplete && one.status === 200;
      if (isGood) one.end = 'good';
      else if (isComplete) one.end = 'failed';
      resolve(one);
    };
    const outgoing = request(
      {
        agent,
        host: '127.0.0.1',
        port,
        path: dialect.path,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      },
      (incoming) => {
        one.status = incoming.statusCode ?? 0;
        const requestId = incoming.headers['x-switchyard-request-id'];
        if (typeof requestId === 'string') one.requestId = requestId;
        incoming.setEncoding('utf8');
        incoming.on('data', (piece) => (text += piece));
        incoming.on('end', () => (isComplete = incoming.complete));
        // A killed gateway resets connections; `close` follows and tells what was seen until then.
        incoming.on('error', () => undefined);
        incoming.on('close', settle);
      },
    );
    outgoing.on('error', () => {
      if (one.status === 0) settle();
    });
    outgoing.end(JSON.stringify(dialect.body(model, stream)));
  });
}
