import type { Socket } from 'node:net';
import type pg from 'pg';

/** What the driver offers beneath its queries, as much of it as COPY needs. */
interface WireConnection {
  readonly stream: Socket;
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/** The driver takes any object with these methods as a query. */
abstract class CopyQuery {
  readonly done: Promise<void>;
  readonly #text: string;
  #resolve: () => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(text: string) {
    this.#text = text;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever waits gets the error; until somebody does, it is nobody's fault.
    this.done.catch(() => undefined);
  }

  submit(connection: pg.Connection): void {
    // The published types leave out what lies beneath queries.
    (connection as unknown as WireConnection).query(this.#text);
  }

  handleCommandComplete(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}

  handleReadyForQuery(): void {
    this.#resolve();
  }

  handleError(error: Error): void {
    this.#reject(error);
  }
}

class CopyOutQuery extends CopyQuery {
  readonly #take: (chunk: Buffer) => Promise<void> | undefined;

  constructor(text: string, take: (chunk: Buffer) => Promise<void> | undefined) {
    super(text);
    this.#take = take;
  }

  handleCopyInResponse(connection: WireConnection): void {
    connection.sendCopyFail('this statement should have sent data');
  }

  handleCopyData({ chunk }: { chunk: Buffer }, connection: WireConnection): void {
    // A copy: the driver reads the next rows into the same memory.
    const busy = this.#take(Buffer.from(chunk));
    if (busy === undefined) return;
    connection.stream.pause();
    void busy.finally(() => connection.stream.resume());
  }
}

class CopyInQuery extends CopyQuery {
  readonly ready: Promise<WireConnection>;
  #setReady: (connection: WireConnection) => void = () => undefined;

  constructor(text: string) {
    super(text);
    this.ready = new Promise((resolve) => {
      this.#setReady = resolve;
    });
  }

  handleCopyInResponse(connection: WireConnection): void {
    this.#setReady(connection);
  }

  handleCopyData(): void {}
}

/** Runs `COPY … TO STDOUT`; the taker gives a promise when the next rows have to wait. */
export async function copyOut(
  client: pg.Client,
  sql: string,
  take: (chunk: Buffer) => Promise<void> | undefined,
): Promise<void> {
  await client.query(new CopyOutQuery(sql, take)).done;
}

/** An open `COPY … FROM STDIN`. */
export interface CopyInput {
  write(chunk: Buffer): Promise<void>;
  /** Resolves when the server has taken everything. */
  end(): Promise<void>;
}

/** Starts `COPY … FROM STDIN`. */
export async function openCopyIn(client: pg.Client, sql: string): Promise<CopyInput> {
  const query = client.query(new CopyInQuery(sql));
  // The statement itself may be refused, and then nothing is ever ready.
  const connection = await Promise.race([query.ready, query.done.then(() => query.ready)]);
  return {
    write: async (chunk) => {
      connection.sendCopyFromChunk(chunk);
      if (!connection.stream.writableNeedDrain) return;
      await Promise.race([new Promise((resolve) => connection.stream.once('drain', resolve)), query.done]);
    },
    end: async () => {
      connection.endCopyFrom();
      await query.done;
    },
  };
}
