import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { dialect } from './dialect-name.ts';

/** One block of an answer being read. */
export interface OpenBlock {
  /** `call` is a function call; `client-call` may also be one the host goes on to execute itself. */
  readonly kind: 'text' | 'refusal' | 'reasoning' | 'call' | 'client-call';
  readonly index: number;
  /** Something of its content arrived already: the copy in a closing event is then ignored. */
  filled: boolean;
  closed: boolean;
  /** Its citations came as events: their copy in a closing event is then ignored. */
  cited: boolean;
  /** Reasoning: the part being read, so that a new one begins a paragraph. */
  section: string | undefined;
}

/** Numbers blocks in order of appearance, opens each once and closes each once. */
export class OpenBlocks {
  readonly #blocks = new Map<string, OpenBlock>();
  #next = 0;
  #whole = false;
  #refused = false;
  #functions = false;
  #last: OpenBlock['kind'] | undefined;

  /** Any block at all. */
  get any(): boolean {
    return this.#blocks.size > 0 || this.#whole;
  }

  get refused(): boolean {
    return this.#refused;
  }

  /** Does the answer end with the client's turn to act? */
  get calledTools(): boolean {
    return this.#functions || this.#last === 'client-call';
  }

  find(key: string): OpenBlock | undefined {
    const block = this.#blocks.get(key);
    return block?.closed === true ? undefined : block;
  }

  /** The block last read under this key, even if closed by now. */
  last(key: string): OpenBlock | undefined {
    return this.#blocks.get(key);
  }

  open(key: string, kind: OpenBlock['kind']): OpenBlock {
    this.#refused ||= kind === 'refusal';
    this.#functions ||= kind === 'call';
    this.#last = kind;
    const block: OpenBlock = {
      kind,
      index: this.#next++,
      filled: false,
      closed: false,
      cited: false,
      section: undefined,
    };
    this.#blocks.set(key, block);
    return block;
  }

  /** Number of a block that comes whole. */
  takeIndex(): number {
    this.#whole = true;
    return this.#next++;
  }

  close(key: string, encrypted?: string): StreamPart[] {
    const block = this.find(key);
    return block === undefined ? [] : closeBlock(block, encrypted);
  }

  /** Closes whatever is open, in order of appearance. */
  closeAll(): StreamPart[] {
    return [...this.#blocks.values()].flatMap((block) => (block.closed ? [] : closeBlock(block)));
  }

  /** The upstream began anew: item numbers start over, block numbers go on. */
  forget(): StreamPart[] {
    const parts = this.closeAll();
    this.#blocks.clear();
    this.#whole = false;
    this.#refused = false;
    this.#functions = false;
    this.#last = undefined;
    return parts;
  }
}

function closeBlock(block: OpenBlock, encrypted?: string): StreamPart[] {
  block.closed = true;
  const { index, kind } = block;
  switch (kind) {
    case 'text':
      return [{ type: 'text-end', index }];
    case 'reasoning':
      return [{ type: 'reasoning-end', index, ...(encrypted !== undefined && { encrypted, provenance: dialect }) }];
    case 'call':
    case 'client-call':
      return [{ type: 'tool-call-end', index }];
    default:
      return [];
  }
}
