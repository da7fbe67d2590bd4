import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../platform/logger.ts';
import { removeFile, unfinishedSuffix, writeAtomically } from '../atomic-file.ts';
import { type Owner, ownedName } from '../owner.ts';

/** Kinds of objects that hosts keep for our clients. */
export type ObjectKind = 'file' | 'batch';

/** An object at a host, with the key that made it. */
export interface OwnedObject {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly owner: Owner;
  /** Id of the host that keeps it. */
  readonly host: string;
  readonly createdAtMs: number;
  /** The host's own description of it, as of the last time we saw one. */
  readonly body: { readonly [field: string]: unknown };
  /** Models named in the rows of a batch input, and of the batch made of it. */
  readonly models?: readonly string[];
  /** Files named in the rows of a batch input. */
  readonly fileIds?: readonly string[];
  /** What the rows of a batch input may use at most, by model. */
  readonly demands?: readonly BatchDemand[];
  /** On whose behalf a batch spends; absent for those of the plain key. */
  readonly spender?: Owner & { readonly project?: string | undefined; readonly endUser?: string | undefined };
  /** Amount that is held for a running batch, in nano-USD. */
  readonly heldNanos?: string;
  /** The usage of an ended batch is in the journal. */
  readonly settled?: boolean;
  /** Exchange under which that was last tried, written before the journal was. */
  readonly settlementId?: string;
  /** Rows that earlier tries brought into the journal. */
  readonly settledRows?: number;
}

/** What the rows of a batch that name one model may use at most. */
export interface BatchDemand {
  readonly model: string;
  readonly rows: number;
  readonly inputTokens: number;
  /** Of rows that limit their answers. */
  readonly outputTokens: number;
  /** Answers without a limit of their own. */
  readonly openAnswers: number;
}

const maxObjects = 100_000;

/** Who owns which object at which host: one small durable file per object, all of them in memory. */
export class ObjectIndex {
  readonly #directory: string;
  readonly #objects: Map<string, OwnedObject>;
  /** Changes of one object are written one after the other. */
  readonly #writing = new Map<string, Promise<void>>();

  private constructor(directory: string, objects: Map<string, OwnedObject>) {
    this.#directory = directory;
    this.#objects = objects;
  }

  /** Reads what earlier processes recorded. */
  static async open(directory: string, logger: Logger): Promise<ObjectIndex> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const objects = new Map<string, OwnedObject>();
    for (const file of await readdir(directory)) {
      const path = join(directory, file);
      if (file.endsWith(unfinishedSuffix)) await removeFile(path);
      else if (file.endsWith('.json')) {
        const object = parseObject(await readFile(path, 'utf8'));
        if (object) objects.set(file.slice(0, -'.json'.length), object);
        else logger.error({ file: path }, 'the record of a file or batch is damaged: its owner cannot reach it');
      }
    }
    return new ObjectIndex(directory, objects);
  }

  /** No further object can be recorded: making one at a host must be refused. */
  get isFull(): boolean {
    return this.#objects.size >= maxObjects;
  }

  /** Every object of a kind, whoever owns it. */
  every(kind: ObjectKind): OwnedObject[] {
    return [...this.#objects.values()].filter((object) => object.kind === kind);
  }

  find(owner: Owner, kind: ObjectKind, id: string): OwnedObject | undefined {
    return this.#objects.get(ownedName(owner, kind, id));
  }

  /** All objects of a kind that a key made, newest first. */
  list(owner: Owner, kind: ObjectKind): OwnedObject[] {
    const own = [...this.#objects.values()].filter(
      (object) => object.kind === kind && object.owner.key === owner.key && object.owner.customer === owner.customer,
    );
    return own.toSorted((left, right) => right.createdAtMs - left.createdAtMs || (left.id < right.id ? 1 : -1));
  }

  /** Records an object, or what changed about it; resolves when it is on disk. */
  put(object: OwnedObject): Promise<void> {
    const name = ownedName(object.owner, object.kind, object.id);
    this.#objects.set(name, object);
    return this.#inTurn(name, () => writeAtomically(this.#pathOf(name), JSON.stringify(object), { durable: true }));
  }

  /** Forgets an object; resolves when that is on disk. */
  remove({ owner, kind, id }: OwnedObject): Promise<void> {
    const name = ownedName(owner, kind, id);
    this.#objects.delete(name);
    return this.#inTurn(name, async () => void (await removeFile(this.#pathOf(name))));
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    while (this.#writing.size > 0) await Promise.allSettled(this.#writing.values());
  }

  #inTurn(name: string, change: () => Promise<void>): Promise<void> {
    const earlier = this.#writing.get(name) ?? Promise.resolve();
    const turn = earlier
      .catch(() => undefined)
      .then(change)
      .finally(() => {
        if (this.#writing.get(name) === turn) this.#writing.delete(name);
      });
    this.#writing.set(name, turn);
    return turn;
  }

  #pathOf(name: string): string {
    return join(this.#directory, `${name}.json`);
  }
}

function parseObject(text: string): OwnedObject | undefined {
  try {
    return JSON.parse(text) as OwnedObject;
  } catch {
    // Written whole or not at all: only a damaged disk comes here.
    return undefined;
  }
}
