import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { numberOf, objectOf, textOf } from './values.ts';

interface TrackedCall {
  readonly index: number;
  readonly wireIndex: number | undefined;
  id: string | undefined;
  name: string | undefined;
  started: boolean;
  /** Arguments so far; nothing of them was handed out while they may still turn out to be `null`. */
  arguments: string;
  handedOut: number;
  signature: string | undefined;
  /** A free-text tool: its input is wrapped into a JSON object. */
  readonly custom: boolean;
}

interface Entry {
  readonly wireIndex: number | undefined;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly arguments: string;
  readonly signature: string | undefined;
  readonly custom: boolean;
}

/** What the tracker needs from the stream around it. */
export interface ToolCallOwner {
  /** Next free block index. */
  nextIndex(): number;
  /** Stands in for missing ids: stable for one answer, different between answers. */
  readonly idSeed: string;
}

const mayBecomeNull = /^\s*(n|nu|nul|null)?\s*$/;

/**
 * Tells the tool calls of one streamed answer apart. Hosts leave out indexes, number every call 0, repeat ids, rotate
 * ids or send none: a call is known by its id first, its index second, its place last.
 */
export class ToolCallTracker {
  readonly #owner: ToolCallOwner;
  readonly #calls: TrackedCall[] = [];
  readonly #byId = new Map<string, TrackedCall>();
  readonly #byWireIndex = new Map<number, TrackedCall>();

  constructor(owner: ToolCallOwner) {
    this.#owner = owner;
  }

  /** Was any call seen? */
  get any(): boolean {
    return this.#calls.length > 0;
  }

  /** Takes one entry of `tool_calls`. In a whole answer each entry is a call of its own. */
  push(value: JsonObject, whole: boolean): StreamPart[] {
    const entry = readEntry(value);
    const call = (whole ? undefined : this.#find(entry)) ?? this.#open(entry);
    if (entry.wireIndex !== undefined) this.#byWireIndex.set(entry.wireIndex, call);
    if (entry.id !== undefined && !this.#byId.has(entry.id)) {
      this.#byId.set(entry.id, call);
      if (!call.started) call.id ??= entry.id;
    }
    call.name ??= entry.name;
    call.signature ??= entry.signature;
    call.arguments += entry.arguments;
    return call.name === undefined ? [] : this.#advance(call);
  }

  /** Closes every call. Missing arguments become an empty object unless the answer was cut. */
  end(cut: boolean): StreamPart[] {
    return this.#calls.flatMap((call) => this.#close(call, cut));
  }

  #find(entry: Entry): TrackedCall | undefined {
    const sameIndex = entry.wireIndex === undefined ? undefined : this.#byWireIndex.get(entry.wireIndex);
    if (entry.id !== undefined) {
      const sameId = this.#byId.get(entry.id);
      if (sameId) return this.#isReusedId(sameId, entry) ? undefined : sameId;
      // An unknown id without a name continues the call at its place: the host rotates ids.
      return entry.name === undefined ? (sameIndex ?? this.#lastWithout(entry)) : this.#unnamed(sameIndex);
    }
    const last = entry.wireIndex === undefined ? this.#calls.at(-1) : sameIndex;
    if (entry.name === undefined) return last ?? this.#lastWithout(entry);
    // A name without id: a repetition of the same unfinished call, or a new one.
    if (!last) return undefined;
    if (last.name === undefined) return last;
    const unfinished = entry.wireIndex === undefined ? last.arguments !== '' : true;
    return last.name === entry.name && unfinished && !isCompleteJson(last.arguments) ? last : undefined;
  }

  /** A call that still waits for its name may take the first one that comes at its index. */
  #unnamed(call: TrackedCall | undefined): TrackedCall | undefined {
    return call?.name === undefined && call?.id === undefined ? call : undefined;
  }

  /** Continuations without index, or of a call that had none, belong to the latest call. */
  #lastWithout(entry: Entry): TrackedCall | undefined {
    const last = this.#calls.at(-1);
    return entry.wireIndex === undefined || last?.wireIndex === undefined ? last : undefined;
  }

  /** Two calls under one id: another index, a name again, and the first is already complete. */
  #isReusedId(call: TrackedCall, entry: Entry): boolean {
    if (entry.name === undefined || entry.wireIndex === undefined || entry.wireIndex === call.wireIndex) return false;
    return isCompleteJson(call.arguments);
  }

  #open(entry: Entry): TrackedCall {
    const call: TrackedCall = {
      index: this.#owner.nextIndex(),
      wireIndex: entry.wireIndex,
      id: entry.id !== undefined && !this.#byId.has(entry.id) ? entry.id : undefined,
      name: undefined,
      started: false,
      arguments: '',
      handedOut: 0,
      signature: undefined,
      custom: entry.custom,
    };
    this.#calls.push(call);
    return call;
  }

  #advance(call: TrackedCall): StreamPart[] {
    const parts: StreamPart[] = [];
    if (!call.started) {
      call.started = true;
      call.id ??= `call_${this.#owner.idSeed}_${this.#calls.indexOf(call)}`;
      parts.push({ type: 'tool-call-start', index: call.index, id: call.id, name: call.name ?? '' });
      if (call.custom) parts.push(delta(call, '{"input":"'));
    }
    const pending = call.arguments.slice(call.handedOut);
    if (pending === '' || (call.handedOut === 0 && mayBecomeNull.test(call.arguments))) return parts;
    call.handedOut = call.arguments.length;
    parts.push(delta(call, call.custom ? escaped(pending) : pending));
    return parts;
  }

  #close(call: TrackedCall, cut: boolean): StreamPart[] {
    const parts = call.started ? [] : this.#advance(call);
    if (call.custom) {
      if (call.handedOut === 0 && call.arguments !== '') parts.push(delta(call, escaped(call.arguments)));
      if (!cut) parts.push(delta(call, '"}'));
    } else if (call.handedOut === 0) {
      const nothing = call.arguments.trim() === '' || call.arguments.trim() === 'null';
      if (!nothing || cut) parts.push(...(call.arguments === '' ? [] : [delta(call, call.arguments)]));
      else parts.push(delta(call, '{}'));
    }
    const { signature } = call;
    parts.push({ type: 'tool-call-end', index: call.index, ...(signature !== undefined && { signature }) });
    return parts;
  }
}

function delta(call: TrackedCall, piece: string): StreamPart {
  return { type: 'tool-call-delta', index: call.index, arguments: piece };
}

/** Text as it stands inside a JSON string. */
function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function readEntry(value: JsonObject): Entry {
  const custom = objectOf(value['custom']);
  const called = objectOf(value['function']) ?? custom ?? {};
  const google = objectOf(objectOf(value['extra_content'])?.['google']);
  return {
    wireIndex: numberOf(value['index']),
    id: textOf(value['id']),
    name: textOf(called['name']),
    arguments: argumentsText(custom ? called['input'] : called['arguments']),
    signature: textOf(google?.['thought_signature']),
    custom: custom !== undefined || value['type'] === 'custom',
  };
}

/** Arguments are JSON text; a few hosts send the object itself. */
function argumentsText(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

function isCompleteJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Not yet, or never: either way more text may follow.
    return false;
  }
}
