import type { Patch } from './apply-patches.ts';
import type { EditNode } from './json-edit.ts';

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
/** Measured: from about here on a native search is cheaper than a loop. */
const stepsBeforeJump = 48;

/** What a container has seen so far, to keep its commas right when members come and go. */
interface MemberRun {
  /** Start of a run of removed members that is still open. */
  removedFrom: number;
  /** End of the last member that stays; -1 while there is none. */
  keptUntil: number;
}

/** Walks well-formed JSON once and collects the byte ranges that change; everything else keeps its bytes. */
export class JsonSplicer {
  readonly #bytes: Buffer;
  readonly #patches: Patch[] = [];
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** What the edits of the tree change, in order. */
  patchesFor(root: EditNode): readonly Patch[] {
    this.#skipSpace();
    this.#walkValue(root);
    return this.#patches;
  }

  #walkValue(node: EditNode): void {
    const first = this.#bytes[this.#at];
    if (node.children.size === 0) this.#skipValue();
    else if (first === openBrace) this.#walkObject(node);
    else if (first === openBracket) this.#walkArray(node);
    else this.#skipValue();
  }

  #walkObject(node: EditNode): void {
    const open = this.#at;
    const run: MemberRun = { removedFrom: -1, keptUntil: -1 };
    const seen = new Set<EditNode>();
    this.#at += 1;
    this.#skipSpace();
    while (this.#bytes[this.#at] !== closeBrace) {
      const keyStart = this.#at;
      this.#skipString();
      const keyEnd = this.#at;
      this.#skipSpace();
      this.#at += 1;
      this.#skipSpace();
      const child = this.#childAt(node, keyStart, keyEnd);
      if (child !== undefined) seen.add(child);
      this.#startMember(run, keyStart, child);
      if (child?.edit?.op === 'rename') this.#patch(keyStart, keyEnd, JSON.stringify(child.edit.key));
      this.#walkMember(child);
      this.#endMember(run, child);
    }
    this.#closeContainer(run, open, this.#insertions(node, seen));
  }

  #walkArray(node: EditNode): void {
    const open = this.#at;
    const run: MemberRun = { removedFrom: -1, keptUntil: -1 };
    this.#at += 1;
    this.#skipSpace();
    for (let index = 0; this.#bytes[this.#at] !== closeBracket; index += 1) {
      const child = node.children.get(String(index));
      this.#startMember(run, this.#at, child);
      this.#walkMember(child);
      this.#endMember(run, child);
    }
    this.#closeContainer(run, open, []);
  }

  #walkMember(child: EditNode | undefined): void {
    const start = this.#at;
    if (child === undefined) this.#skipValue();
    else if (child.edit === undefined) this.#walkValue(child);
    else {
      this.#skipValue();
      if (child.edit.op === 'set') this.#patch(start, this.#at, JSON.stringify(child.edit.value));
      else if (child.edit.op === 'prepend') this.#prepend(start, JSON.stringify(child.edit.value));
    }
  }

  #prepend(start: number, text: string): void {
    if (this.#bytes[start] !== openBracket) return;
    const after = this.#at;
    this.#at = start + 1;
    this.#skipSpace();
    const isEmpty = this.#bytes[this.#at] === closeBracket;
    this.#at = after;
    this.#patch(start + 1, start + 1, isEmpty ? text : `${text},`);
  }

  #startMember(run: MemberRun, start: number, child: EditNode | undefined): void {
    if (child?.edit?.op === 'remove') {
      if (run.removedFrom < 0) run.removedFrom = start;
    } else if (run.removedFrom >= 0) {
      this.#patch(run.removedFrom, start, '');
      run.removedFrom = -1;
    }
  }

  #endMember(run: MemberRun, child: EditNode | undefined): void {
    if (child?.edit?.op !== 'remove') run.keptUntil = this.#at;
    this.#skipSpace();
    if (this.#bytes[this.#at] === comma) this.#at += 1;
    this.#skipSpace();
  }

  /** Cuts a trailing run of removed members with the comma before it, and adds what is new. */
  #closeContainer(run: MemberRun, open: number, insertions: readonly string[]): void {
    const insertAt = run.keptUntil < 0 ? open + 1 : run.keptUntil;
    if (insertions.length > 0) {
      const separator = run.keptUntil < 0 ? '' : ',';
      this.#patch(insertAt, insertAt, separator + insertions.join(','));
    }
    if (run.removedFrom >= 0) this.#patch(run.keptUntil < 0 ? run.removedFrom : run.keptUntil, this.#at, '');
    this.#at += 1;
  }

  #insertions(node: EditNode, seen: ReadonlySet<EditNode>): readonly string[] {
    const insertions: string[] = [];
    for (const [key, child] of node.children) {
      const { edit } = child;
      if (edit?.op === 'set' && !seen.has(child)) {
        insertions.push(`${JSON.stringify(key)}:${JSON.stringify(edit.value)}`);
      }
    }
    return insertions;
  }

  #patch(start: number, end: number, text: string): void {
    this.#patches.push({ start, end, text });
  }

  /** Decodes only keys that can be meant: those of a wanted length, and those with escapes. */
  #childAt(node: EditNode, start: number, end: number): EditNode | undefined {
    const bytes = this.#bytes;
    const sizeBytes = end - start - 2;
    const fits = sizeBytes >= node.minKeyBytes && sizeBytes <= node.maxKeyBytes;
    if (!fits && !hasEscape(bytes, start, end)) return undefined;
    const text = bytes.toString('utf8', start + 1, end - 1);
    return node.children.get(text.includes('\\') ? String(JSON.parse(`"${text}"`)) : text);
  }

  #skipSpace(): void {
    let byte = this.#bytes[this.#at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.#at += 1;
      byte = this.#bytes[this.#at];
    }
  }

  #skipValue(): void {
    const first = this.#bytes[this.#at];
    if (first === quote) this.#skipString();
    else if (first === openBrace || first === openBracket) this.#skipContainer();
    else this.#skipScalar();
  }

  #skipScalar(): void {
    for (; this.#at < this.#bytes.length; this.#at += 1) {
      const byte = this.#bytes[this.#at] ?? 0;
      if (byte === comma || byte === closeBrace || byte === closeBracket || byte <= 0x20) return;
    }
  }

  #skipContainer(): void {
    const bytes = this.#bytes;
    let depth = 0;
    for (let at = this.#at; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (byte === quote) {
        this.#at = at;
        this.#skipString();
        at = this.#at - 1;
      } else if (byte === openBrace || byte === openBracket) depth += 1;
      else if (byte === closeBrace || byte === closeBracket) {
        depth -= 1;
        if (depth > 0) continue;
        this.#at = at + 1;
        return;
      }
    }
    this.#at = bytes.length;
  }

  /**
   * Steps byte by byte at first, since most strings are short and a native call costs as much as dozens of steps; then
   * jumps from quote to quote, where one is the end if an even number of backslashes stands before it.
   */
  #skipString(): void {
    const bytes = this.#bytes;
    const length = bytes.length;
    let at = this.#at + 1;
    for (;;) {
      const near = Math.min(at + stepsBeforeJump, length);
      while (at < near) {
        const byte = bytes[at];
        if (byte === quote) {
          this.#at = at + 1;
          return;
        }
        at += byte === backslash ? 2 : 1;
      }
      const end = bytes.indexOf(quote, at);
      if (end < 0) {
        this.#at = length;
        return;
      }
      let before = end - 1;
      while (before >= at && bytes[before] === backslash) before -= 1;
      at = end + 1;
      if ((end - before) % 2 === 1) {
        this.#at = at;
        return;
      }
    }
  }
}

function hasEscape(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    if (bytes[at] === backslash) return true;
  }
  return false;
}
