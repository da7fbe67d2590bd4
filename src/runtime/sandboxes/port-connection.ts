import { Duplex } from 'node:stream';
import type { Execution, Sandbox } from '../contract.ts';
import { startCall } from './guest/guest-call.ts';

const longestMs = 24 * 3_600_000;

/**
 * A connection to a port inside a sandbox: a small program there carries the bytes, so the sandbox needs no network and
 * we never connect to anything that a guest could choose. Rejects when nobody listens, or takes the connection before
 * the signal.
 */
export async function connectPort(sandbox: Sandbox, port: number, signal?: AbortSignal): Promise<Duplex> {
  const execution = await startCall(sandbox, {
    operation: 'relay',
    argv: [String(port)],
    stdin: 'open',
    wallMs: longestMs,
    outputBytes: Number.MAX_SAFE_INTEGER,
  });
  // Before it runs it cannot be ended.
  const giveUp = (): void => void execution.started.then(() => execution.kill('SIGKILL'));
  signal?.addEventListener('abort', giveUp, { once: true });
  if (signal?.aborted === true) giveUp();
  try {
    const pieces = execution.output()[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await pieces.next();
      if (done === true) throw new Error(`nobody listens on port ${port}`);
      // The first byte says that the connection stands.
      if (value.stream === 'stdout') return new PortConnection(execution, pieces, value.bytes.subarray(1));
    }
  } catch (error) {
    giveUp();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

class PortConnection extends Duplex {
  readonly #execution: Execution;
  readonly #pieces: AsyncIterator<{ readonly stream: string; readonly bytes: Uint8Array }>;
  #first: Uint8Array | undefined;

  constructor(
    execution: Execution,
    pieces: AsyncIterator<{ readonly stream: string; readonly bytes: Uint8Array }>,
    first: Uint8Array,
  ) {
    super();
    this.#execution = execution;
    this.#pieces = pieces;
    this.#first = first.length > 0 ? first : undefined;
  }

  override _read(): void {
    if (this.#first) {
      const bytes = this.#first;
      this.#first = undefined;
      this.push(bytes);
      return;
    }
    // Whoever reads may throw, too: that ends this connection and nothing else.
    this.#next()
      .then((bytes) => void this.push(bytes))
      .catch((error: unknown) => this.destroy(error instanceof Error ? error : new Error('the relay ended')));
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#execution.writeInput(bytes).then(
      (isTaken) => done(isTaken ? null : new Error('the connection is closed')),
      () => done(new Error('the connection is closed')),
    );
  }

  override _final(done: () => void): void {
    this.#execution.closeInput();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#execution.kill('SIGKILL');
    void this.#pieces.return?.();
    done(error);
  }

  async #next(): Promise<Uint8Array | null> {
    for (;;) {
      const { done, value } = await this.#pieces.next();
      if (done === true) return null;
      if (value.stream === 'stdout') return value.bytes;
    }
  }
}
