import type { Worker } from 'node:worker_threads';
import type { Clock } from '../../platform/clock.ts';
import { describeError, JournalError } from '../journal-error.ts';
import type { RecoveryReport } from '../segments/segment-recovery.ts';
import type { WriterMessage, WriterSetup } from './writer-protocol.ts';

const restartLimit = 5;
const restartWindowMs = 60_000;

/** What the link tells the journal. */
export interface WriterListener {
  onMessage(message: WriterMessage): void;
  /** The writer died and a new one is being started. */
  onDown(reason: string): void;
  onUp(): void;
  /** The writer cannot be kept alive. */
  onLost(error: JournalError): void;
}

/** What the link needs. */
export interface WriterLinkPorts {
  readonly clock: Clock;
  readonly spawn: (setup: WriterSetup) => Worker;
}

/** Keeps one writer thread alive: a dead one is replaced, and its successor goes on from the shared ring. */
export class WriterLink {
  readonly #setup: WriterSetup;
  readonly #ports: WriterLinkPorts;
  readonly #listener: WriterListener;
  #worker: Worker | undefined;
  #restarts: number[] = [];
  #lastError = 'ended without a word';
  #closing = false;
  #ended: (() => void) | undefined;

  constructor(setup: WriterSetup, ports: WriterLinkPorts, listener: WriterListener) {
    this.#setup = setup;
    this.#ports = ports;
    this.#listener = listener;
  }

  /** Starts the first writer; resolves with what recovery found, rejects when the journal cannot be opened. */
  start(): Promise<RecoveryReport> {
    return new Promise((resolve, reject) => {
      let recovery: RecoveryReport | undefined;
      const worker = this.#spawn(false, (message) => {
        if (message?.kind === 'recovered') ({ recovery } = message);
        if (message?.kind === 'ready' && recovery) {
          worker.removeListener('exit', onEarlyExit);
          worker.once('exit', () => this.#onExit());
          resolve(recovery);
        }
      });
      const onEarlyExit = (): void => reject(new JournalError('lost', `journal cannot be opened: ${this.#lastError}`));
      worker.once('exit', onEarlyExit);
    });
  }

  /** Resolves when the writer has ended after a requested close. */
  async ended(): Promise<void> {
    this.#closing = true;
    if (!this.#worker) return;
    await new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
  }

  #spawn(resume: boolean, hear: (message: WriterMessage) => void): Worker {
    const worker = this.#ports.spawn({ ...this.#setup, resume });
    this.#worker = worker;
    worker.on('message', (message: WriterMessage) => {
      if (message?.kind === 'failed') this.#lastError = message.error;
      this.#listener.onMessage(message);
      hear(message);
    });
    worker.on('error', (error) => {
      this.#lastError = describeError(error);
    });
    return worker;
  }

  #onExit(): void {
    this.#worker = undefined;
    if (this.#closing) {
      this.#ended?.();
      return;
    }
    const nowMs = this.#ports.clock.monotonicMs();
    this.#restarts = [...this.#restarts.filter((atMs) => nowMs - atMs < restartWindowMs), nowMs];
    if (this.#restarts.length > restartLimit) {
      this.#listener.onLost(new JournalError('lost', `journal writer died too often: ${this.#lastError}`));
      return;
    }
    this.#listener.onDown(this.#lastError);
    const worker = this.#spawn(true, (message) => {
      if (message?.kind === 'ready') this.#listener.onUp();
    });
    worker.once('exit', () => this.#onExit());
  }
}
