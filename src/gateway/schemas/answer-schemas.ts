import { createHash } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { TimerWheel, WheelTimer } from '../../platform/timer-wheel.ts';
import { spawnWorker } from '../../platform/workers.ts';
import type { SchemaQuestion, SchemaVerdict } from './schema-protocol.ts';

/** One text to check, from the wait for its turn to its verdict. */
interface Check {
  readonly question: SchemaQuestion;
  readonly waiting: WheelTimer;
  settle(verdict: Verdict): void;
}

type Verdict = Exclude<SchemaVerdict, { readonly kind: 'ready' }> | Fault;

const maxWaiting = 64;
const maxWaitMs = 10_000;
/** The thread limits itself to less; this is for what its own limits do not catch. */
const maxCheckMs = 2_000;
const maxHeapMb = 128;
const maxHostile = 500;

/**
 * Checks answers against the schemas of clients in a thread of its own, which starts with the first of them: whatever a
 * schema costs, the loop that carries all streams never waits. A thread that does not answer is replaced, and the
 * schema that kept it is not tried again.
 */
export class AnswerSchemas {
  readonly #wheel: TimerWheel;
  readonly #waiting = new Set<Check>();
  readonly #hostile = new Set<string>();
  #worker: Worker | undefined;
  #isReady = false;
  #current: { readonly check: Check; readonly limit: WheelTimer } | undefined;

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel;
  }

  /** What is wrong with the text or with the schema; a Fault when nobody had the time to find out. */
  judge(schema: JsonObject, text: string): Promise<Verdict> {
    const schemaText = JSON.stringify(schema);
    const hash = createHash('sha256').update(schemaText).digest('base64');
    if (this.#hostile.has(hash)) return Promise.resolve(tooCostly);
    if (this.#waiting.size >= maxWaiting) return Promise.resolve(overloaded());
    return new Promise((settle) => {
      const waiting = this.#wheel.after(maxWaitMs, () => {
        this.#waiting.delete(check);
        settle(overloaded());
      });
      const check: Check = { question: { schema: schemaText, hash, text }, waiting, settle };
      this.#waiting.add(check);
      this.#next();
    });
  }

  /** Ends the thread; checks that still wait are told so. */
  async close(): Promise<void> {
    for (const check of this.#waiting) this.#leave(check).settle(overloaded());
    await this.#replace(overloaded());
  }

  #next(): void {
    const [check] = this.#waiting;
    if (this.#current || !check) return;
    this.#worker ??= this.#start();
    if (!this.#isReady) return;
    this.#leave(check);
    const limit = this.#wheel.after(maxCheckMs, () => this.#giveUp());
    this.#current = { check, limit };
    this.#worker.postMessage(check.question);
  }

  #leave(check: Check): Check {
    this.#waiting.delete(check);
    check.waiting.cancel();
    return check;
  }

  #start(): Worker {
    const worker = spawnWorker(import.meta.url, './schema-thread', {
      name: 'answer-schemas',
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
    });
    // Nothing but the requests that wait keeps the process.
    worker.unref();
    worker.on('message', (verdict: SchemaVerdict) => {
      if (worker !== this.#worker) return;
      if (verdict.kind === 'ready') this.#isReady = true;
      else this.#settle(verdict);
      this.#next();
    });
    // Above all memory: what used it up is the check at hand.
    worker.on('error', () => worker === this.#worker && this.#giveUp());
    return worker;
  }

  #giveUp(): void {
    const hash = this.#current?.check.question.hash;
    if (hash !== undefined) this.#hostile.add(hash);
    const [oldest] = this.#hostile;
    if (this.#hostile.size > maxHostile && oldest !== undefined) this.#hostile.delete(oldest);
    void this.#replace(tooCostly);
    // A thread that fails before it listens is started again by the next check, not at once and forever.
    if (hash !== undefined) this.#next();
  }

  async #replace(verdict: Verdict): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#isReady = false;
    this.#settle(verdict);
    await worker?.terminate();
  }

  #settle(verdict: Verdict): void {
    const current = this.#current;
    this.#current = undefined;
    current?.limit.cancel();
    current?.check.settle(verdict);
  }
}

const tooCostly: Verdict = { kind: 'unusable', problem: 'it takes too long to check' };

function overloaded(): Fault {
  return new Fault('shedding', { message: 'Too many answers wait to be checked against their schemas.' });
}
