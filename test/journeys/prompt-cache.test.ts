import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFakeUpstream, startFakeUpstreams } from '../fake-upstream/index.ts';
import { type BootedProduct, bootProduct } from './support/boot-product.ts';

const all = { conversations: 100, turns: 20 };
/** Every conversation reads the same share of its cache when asked directly, so a few of them tell it. */
const few = { conversations: 20, turns: 20 };
/** Long enough to be before, during and after an outage. */
const around = { conversations: 60, turns: 14 };
const system = 'You answer questions about parcels, briefly and without small talk. '.repeat(8);

interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** A growing conversation, and where its turns were answered. */
interface Conversation {
  messages: Message[];
  readonly hosts: string[];
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Tokens that went in, and how many of them came from a prompt cache. */
class Reads {
  input = 0;
  cached = 0;

  get share(): number {
    return this.cached / this.input;
  }
}

async function ask(url: string, conversation: Conversation, reads: Reads): Promise<void> {
  const answer = await request(`${url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', messages: conversation.messages }),
  });
  expect(answer.statusCode).toBe(200);
  const body = (await answer.body.json()) as {
    choices: { message: { content: string } }[];
    usage: { prompt_tokens: number; prompt_tokens_details: { cached_tokens: number } };
  };
  reads.input += body.usage.prompt_tokens;
  reads.cached += body.usage.prompt_tokens_details.cached_tokens;
  conversation.hosts.push(String(answer.headers['x-switchyard-host'] ?? ''));
  conversation.messages.push({ role: 'assistant', content: body.choices[0]?.message.content ?? '' });
}

/** The conversations by turns, so that a balancer without memory would spread each of them over all endpoints. */
async function converse(
  url: string,
  { conversations, turns }: typeof all,
  beforeTurn: (turn: number) => void = () => undefined,
) {
  const reads = new Reads();
  const held = Array.from({ length: conversations }, (): Conversation => ({
    messages: [{ role: 'system', content: system }],
    hosts: [],
  }));
  for (let turn = 0; turn < turns; turn += 1) {
    beforeTurn(turn);
    for (let start = 0; start < conversations; start += 10) {
      const some = held.slice(start, start + 10);
      await Promise.all(
        some.map((conversation, at) => {
          const content = `Conversation ${start + at}, question ${turn}: where is parcel ${(start + at) * 1000 + turn}?`;
          conversation.messages.push({ role: 'user', content });
          return ask(url, conversation, reads);
        }),
      );
    }
  }
  return { held, reads };
}

async function bootOverThree(): Promise<{ booted: BootedProduct; upstreams: readonly FakeUpstream[] }> {
  const upstreams = await startFakeUpstreams(3, { prefixCache: true, recordLimit: 0 });
  const hosts = upstreams.map(({ baseUrl }, at) => `  h${at}: { protocol: openai-chat, baseUrl: ${baseUrl} }`);
  const endpoints = upstreams.map(
    (_, at) => `      - { host: h${at}, model: m, price: { input: 1, output: 2, cacheRead: 0.1 } }`,
  );
  const config = [
    'hosts:',
    ...hosts,
    'models:',
    '  m:',
    '    endpoints:',
    ...endpoints,
    'journal: { durability: relaxed }',
  ];
  const booted = await bootProduct(`${config.join('\n')}\n`);
  closing.push(() => booted.close(), ...upstreams.map((upstream) => () => upstream.close()));
  return { booted, upstreams };
}

const switches = ({ hosts }: Conversation): number =>
  hosts.filter((host, at) => at > 0 && host !== hosts[at - 1]).length;

describe('prompt caches behind a model with three endpoints', () => {
  it('are read as much as one endpoint asked directly would read them', async ({ annotate }) => {
    const direct = await startFakeUpstream({ prefixCache: true, recordLimit: 0 });
    closing.push(() => direct.close());
    const alone = await converse(direct.baseUrl, few);
    const { booted, upstreams } = await bootOverThree();
    const routed = await converse(`${booted.url}/v1`, all);

    const shares = [alone, routed].map(({ reads }) => `${(100 * reads.share).toFixed(2)} %`);
    await annotate(`read from the cache: direct ${shares[0]}, through Switchyard ${shares[1]}`);
    expect(alone.reads.share).toBeGreaterThan(0.8);
    expect(routed.reads.share).toBeGreaterThanOrEqual(0.99 * alone.reads.share);
    expect(routed.held.filter((conversation) => switches(conversation) > 0)).toEqual([]);
    // The conversations are spread all the same.
    const even = (all.conversations * all.turns) / upstreams.length;
    for (const upstream of upstreams) expect(upstream.stats().requests).toBeGreaterThan(even / 2);
  }, 180_000);

  it('move once when their endpoint fails, and not back when it recovers', async ({ annotate }) => {
    const { booted, upstreams } = await bootOverThree();
    const [failing] = upstreams;
    const { held, reads } = await converse(`${booted.url}/v1`, around, (turn) => {
      if (turn === 6) failing?.script('*', 'fail=503');
      if (turn === 10) failing?.script('*', '');
    });

    const moved = held.filter((conversation) => switches(conversation) > 0);
    await annotate(`${moved.length} of ${held.length} moved; ${(100 * reads.share).toFixed(2)} % read from the cache`);
    expect(moved.length).toBeGreaterThan(held.length / 6);
    expect(held.filter((conversation) => switches(conversation) > 1)).toEqual([]);
    for (const { hosts } of moved) expect(hosts.indexOf('h0')).toBe(0);
    for (const { hosts } of moved) expect(hosts.lastIndexOf('h0')).toBe(5);
  }, 180_000);
});
