import { describe, expect, it } from 'vitest';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { VerifierBook } from './verifier-book.ts';

let count = 0;

function outcome(requestId: string, kind: string, value: number): OutcomeFact {
  count += 1;
  return { type: 'outcome', requestId, atMs: count, kind, value, source: 'test', job: 'code' };
}

describe('how often a verifier errs', () => {
  it('is taken to be little before anything is known', () => {
    expect(new VerifierBook().of('code')).toEqual({ error: 0.05, compared: 0, falsePasses: 0, falseFails: 0 });
  });

  it('is told by outcomes that disagree, each answer once', () => {
    const book = new VerifierBook();
    for (let at = 0; at < 40; at += 1) {
      book.note(outcome(`req_${at}`, 'verified', at < 30 ? 1 : 0));
      // Ten that passed are wrong, and one that was turned down is right.
      book.note(outcome(`req_${at}`, 'test', (at >= 10 && at < 30) || at === 39 ? 1 : 0));
      book.note(outcome(`req_${at}`, 'thumb', 1));
    }
    expect(book.of('code')).toEqual({ error: 12 / 60, compared: 40, falsePasses: 10, falseFails: 1 });
    expect(book.of('other').compared).toBe(0);
  });

  it('is the same at every gateway: whatever came first, and however often', () => {
    const facts = Array.from({ length: 10 }, (_, at) => [
      outcome(`req_${at}`, 'verified', 1),
      outcome(`req_${at}`, 'test', at < 3 ? 0 : 1),
    ]).flat();
    const figures = [facts, facts.toReversed(), [...facts, ...facts]].map((told) => {
      const book = new VerifierBook();
      for (const fact of told) book.note(fact);
      return book.of('code');
    });
    expect(figures[0]).toMatchObject({ compared: 10, falsePasses: 3 });
    expect(figures.slice(1)).toEqual([figures[0], figures[0]]);
  });

  it('forgets what was taken back, and never counts drafts or weak signals', () => {
    const book = new VerifierBook();
    book.note(outcome('req_1', 'verified', 1));
    book.note(outcome('req_1', 'retry', 0));
    book.note({ ...outcome('req_2', 'verified', 0), draft: true });
    book.note(outcome('req_2', 'test', 1));
    expect(book.of('code').compared).toBe(0);
    book.note({ ...outcome('req_1', 'test', 0), outcomeId: 'out_1' });
    expect(book.of('code')).toMatchObject({ compared: 1, falsePasses: 1 });
    book.note({ ...outcome('req_1', 'test', 0), retracts: 'out_1' });
    expect(book.of('code')).toMatchObject({ compared: 0, falsePasses: 0 });
  });

  it('is told by others alone: what the gateway saw itself, and a kept form, confirm nothing', () => {
    const book = new VerifierBook();
    for (let at = 0; at < 50; at += 1) {
      book.note(outcome(`req_${at}`, 'verified', 1));
      book.note({ ...outcome(`req_${at}`, 'schema', 1), source: 'gateway' });
      book.note({ ...outcome(`req_${at}`, 'score', 1), source: 'gateway' });
      book.note(outcome(`req_${at}`, 'compiled', 1));
      book.note(outcome(`req_${at}`, 'schema', 1));
    }
    expect(book.of('code')).toEqual({ error: 0.05, compared: 0, falsePasses: 0, falseFails: 0 });
    book.note(outcome('req_1', 'thumb', 0));
    // What a form demands was not met: that is evidence, until it is corrected.
    book.note({ ...outcome('req_2', 'schema', 0), outcomeId: 'out_2' });
    expect(book.of('code')).toMatchObject({ compared: 2, falsePasses: 2 });
    book.note({ ...outcome('req_2', 'schema', 1), supersedes: 'out_2' });
    expect(book.of('code')).toMatchObject({ compared: 1, falsePasses: 1 });
  });

  it('counts as wrong what one of two equally strong voices speaks against, whichever came first', () => {
    const book = new VerifierBook();
    for (const [requestId, kinds] of [
      ['req_1', ['resolved', 'label']],
      ['req_2', ['label', 'resolved']],
    ] as const) {
      book.note(outcome(requestId, 'verified', 1));
      for (const kind of kinds) book.note(outcome(requestId, kind, kind === 'label' ? 0 : 1));
    }
    expect(book.of('code')).toMatchObject({ compared: 2, falsePasses: 2 });
  });

  it('is about the latest answers: an old weakness is forgotten', () => {
    const book = new VerifierBook();
    for (let at = 0; at < 500; at += 1) {
      book.note(outcome(`req_${at}`, 'verified', 1));
      book.note(outcome(`req_${at}`, 'test', at < 100 ? 0 : 1));
    }
    expect(book.of('code')).toMatchObject({ compared: 400, falsePasses: 0 });
  });
});
