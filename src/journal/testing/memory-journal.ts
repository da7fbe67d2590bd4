import type { Fact } from '../../domain/facts/facts.ts';
import type { Journal, JournalPosition, JournalState } from '../contract.ts';
import { JournalError } from '../journal-error.ts';
import type { PlacedFact } from '../segments/segment-reader.ts';

const factLimit = 100_000;

/** A journal without a disk, with the switches that tests of other modules need. */
export interface MemoryJournal extends Journal {
  /** Everything appended so far. */
  facts(): readonly Fact[];
  /** Makes the journal refuse or admit work, as a full disk would. */
  setAccepting(accepting: boolean, reason?: string): void;
  /** Holds back the acknowledgement of commits until released. */
  holdCommits(): () => void;
}

/** Makes an empty journal in memory; it keeps the newest 100,000 facts. */
export function createMemoryJournal(): MemoryJournal {
  const kept: PlacedFact[] = [];
  let appended = 0;
  let closed = false;
  let refusal: { accepting: boolean; reason?: string } = { accepting: true };
  let held: Promise<void> = Promise.resolve();

  const append = (...facts: readonly Fact[]): void => {
    if (closed) throw new JournalError('closed', 'journal is closed');
    for (const fact of facts) {
      kept.push({ position: { segment: 1, offset: appended }, fact: structuredClone(fact) });
      appended += 1;
    }
    if (kept.length > factLimit) kept.splice(0, kept.length - factLimit);
  };
  const state = (): JournalState => ({
    ...refusal,
    alarm: !refusal.accepting,
    queuedBytes: 0,
    framesWritten: appended,
    commitP50Ms: 0,
    commitP99Ms: 0,
  });
  return {
    append,
    commit: async (...facts) => {
      append(...facts);
      await held;
    },
    state,
    find: async (requestId) => kept.filter(({ fact }) => fact.requestId === requestId).map(({ fact }) => fact),
    read: async function* read(from?: JournalPosition) {
      yield* kept.filter(({ position }) => position.offset >= (from?.offset ?? 0));
    },
    durableEnd: () => ({ segment: 1, offset: appended }),
    keepFrom: () => undefined,
    close: async () => {
      closed = true;
    },
    facts: () => kept.map(({ fact }) => fact),
    setAccepting: (accepting, reason) => {
      refusal = reason === undefined ? { accepting } : { accepting, reason };
    },
    holdCommits: () => {
      const { promise, resolve } = promiseWithResolver();
      held = promise;
      return resolve;
    },
  };
}

function promiseWithResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
