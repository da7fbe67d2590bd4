import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CatalogFacts } from './facts/catalog-facts.ts';
import { type BookEvent, PriceBook } from './price-book/index.ts';
import { type FedBook, PriceFeed } from './price-feed.ts';

const facts = new CatalogFacts(
  {
    openai: ['a', 'b']
      .map((model) =>
        JSON.stringify({ model, sources: 'l', pricedBy: 'l', prices: [{ usd: { input: '1', output: '2' } }] }),
      )
      .join('\n'),
  },
  { l: { source: 'litellm', date: '2026-08-01' } },
);
const startMs = Date.parse('2026-10-01');

function fedBook(book: PriceBook): FedBook {
  return {
    view: (endpointId) => book.view(endpointId),
    ingest: (observations) => Promise.resolve(observations.flatMap((one) => book.observe(one))),
    advance: (nowMs) => Promise.resolve(book.advance(nowMs)),
  };
}

describe('a price book that is fed', () => {
  it('begins with the shipped prices, takes polled ones over them, and is not set back by the next turn', async () => {
    let polls = 0;
    const server = createServer((_request, response) => {
      polls++;
      const row = { litellm_provider: 'openai', input_cost_per_token: 3e-6, output_cost_per_token: 2e-6 };
      response.end(JSON.stringify({ 'openai/a': row, 'openai/c': row }));
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/table.json`;
    const book = new PriceBook();
    const events: BookEvent[] = [];
    let nowMs = startMs;
    const feed = new PriceFeed({
      book: fedBook(book),
      facts,
      catalog: { sources: [{ url }], refreshHours: 6 },
      clock: { nowMs: () => nowMs, monotonicMs: () => 0 },
      changed: (more) => events.push(...more),
      failed: (_source, problem) => expect.unreachable(problem),
    });
    await feed.turn();
    expect(book.priceAt('openai/b', Date.parse('2026-08-02'))?.price.picosPerUnit.input).toBe(1_000_000n);
    expect(book.priceAt('openai/c', startMs)?.price.picosPerUnit.input).toBe(3_000_000n);
    // One catalog alone moved: provisional, not used, and told once it has lasted.
    expect(book.view('openai/a')?.state.kind).toBe('provisional');
    expect(book.priceAt('openai/a', startMs)?.price.picosPerUnit.input).toBe(1_000_000n);
    nowMs += 3_600_000;
    await feed.turn();
    expect([polls, book.view('openai/a')?.quotes[0]?.terms.picosPerUnit.input]).toEqual([1, 3_000_000n]);
    nowMs += 3 * 24 * 3_600_000;
    await feed.turn();
    expect(polls).toBe(2);
    expect(events.filter(({ type }) => type === 'alert_raised')).toHaveLength(1);
    expect(feed.pollStates()).toMatchObject([{ endpoints: 2, problem: undefined }]);
    await feed.close();
    server.close();
  });

  it('ends without waiting for the rest of a long import', async () => {
    const book = new PriceBook();
    const good = fedBook(book);
    let pieces = 0;
    const feed: PriceFeed = new PriceFeed({
      book: {
        ...good,
        async ingest(observations) {
          pieces += 1;
          closing ??= feed.close();
          return good.ingest(observations);
        },
      },
      facts: new CatalogFacts(),
      catalog: { sources: [], refreshHours: 24 },
      clock: { nowMs: () => startMs, monotonicMs: () => 0 },
      changed: () => undefined,
      failed: (_source, problem) => expect.unreachable(problem),
    });
    let closing: Promise<void> | undefined;
    await feed.turn();
    await closing;
    expect(pieces).toBe(1);
  });

  it('ends without waiting for a catalog that does not answer, and tells no failure of it', async () => {
    let hear: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (hear = resolve));
    const server = createServer(() => hear());
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/table.json`;
    const feed = new PriceFeed({
      book: fedBook(new PriceBook()),
      facts,
      catalog: { sources: [{ url }], refreshHours: 24 },
      clock: { nowMs: () => startMs, monotonicMs: () => 0 },
      changed: () => undefined,
      failed: (_source, problem) => expect.unreachable(problem),
    });
    const turn = feed.turn();
    await asked;
    await feed.close();
    await turn;
    expect(feed.pollStates()).toMatchObject([{ problem: undefined, lastGoodAtMs: undefined }]);
    server.closeAllConnections();
    server.close();
  }, 5000);

  it('tells a failure and goes on at the next turn, and leaves the work to whoever leads', async () => {
    const problems: string[] = [];
    let isUp = false;
    let isLeader = true;
    const book = new PriceBook();
    const good = fedBook(book);
    const feed = new PriceFeed({
      book: {
        ...good,
        ingest: (observations) => (isUp ? good.ingest(observations) : Promise.reject(new Error('down'))),
      },
      facts,
      catalog: { sources: [], refreshHours: 24 },
      clock: { nowMs: () => startMs, monotonicMs: () => 0 },
      asLeader: (work) => (isLeader ? work() : Promise.resolve()),
      changed: () => undefined,
      failed: (_source, problem) => problems.push(problem),
    });
    await feed.turn();
    isUp = true;
    isLeader = false;
    await feed.turn();
    expect([problems, book.size]).toEqual([['down'], 0]);
    isLeader = true;
    await feed.turn();
    expect([problems.length, book.size]).toEqual([1, 2]);
  });
});
