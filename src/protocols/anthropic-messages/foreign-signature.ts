import type { Json, JsonObject, ReasoningPart } from '../../domain/calls/model-call.ts';
import { isObject } from '../shared/field-reader.ts';
import { entriesAt, type ForeignProofFinder, leftOut } from '../shared/foreign-proofs.ts';

const mark = 'switchyard:';

const keys = ['signature', 'redacted', 'encrypted', 'provenance', 'id'] as const;

type Sealed = Pick<ReasoningPart, (typeof keys)[number]>;

/**
 * Puts another dialect's proof of reasoning into the one field a Messages client hands back unread, marked so that it
 * is never mistaken for a signature of this dialect.
 */
export function sealForeignSignature(sealed: { readonly [Key in keyof Sealed]: Sealed[Key] | undefined }): string {
  const fields = Object.fromEntries(keys.map((key) => [key, sealed[key]]));
  return mark + Buffer.from(JSON.stringify({ provenance: 'unknown', ...present(fields) })).toString('base64url');
}

/** Opens what `sealForeignSignature` made; undefined for a signature of this dialect. */
export function openForeignSignature(signature: string): Sealed | undefined {
  if (!signature.startsWith(mark)) return undefined;
  const opened = parse(Buffer.from(signature.slice(mark.length), 'base64url').toString());
  const fields = Object.fromEntries(keys.map((key) => [key, isObject(opened) ? opened[key] : undefined]));
  return { provenance: 'unknown', ...present(fields) };
}

/**
 * Finds thinking that another dialect's provider signed. A running tool loop that loses its thinking may not go on
 * thinking either: the API demands the block it would have to begin with.
 */
export const foreignProofsInMessages: ForeignProofFinder = {
  marks: [`"${mark}`, '"thinking"'],
  find({ messages, thinking }, upstreamModel) {
    const isClaude = upstreamModel.includes('claude');
    const turns = entriesAt(messages, '/messages').map(([turn, pointer]) => {
      const content = entriesAt(isObject(turn) ? turn['content'] : undefined, `${pointer}/content`);
      return { pointer, content, foreign: content.filter(([block]) => isForeign(block, isClaude)) };
    });
    const pointers = turns.flatMap(({ pointer, content, foreign }) => {
      if (foreign.length === 0) return [];
      // A turn without any content is refused.
      return foreign.length === content.length ? [pointer] : foreign.map(([, at]) => at);
    });
    const running = turns.at(-2);
    const isRunning = running !== undefined && running.foreign.length > 0 && turns.at(-1)?.content.some(isToolResult);
    const isThinking = isObject(thinking) && thinking['type'] === 'enabled';
    return leftOut(isRunning && isThinking ? [...pointers, '/thinking'] : pointers);
  },
};

/** Claude signs each thought: one without came from elsewhere. Compatible hosts may not sign theirs. */
function isForeign(block: Json, isClaude: boolean): boolean {
  if (!isObject(block)) return false;
  const proof = proofOf(block);
  return typeof proof === 'string' && (proof.startsWith(mark) || (proof === '' && isClaude));
}

function proofOf({ type, signature, data }: JsonObject): Json | undefined {
  if (type === 'thinking') return signature;
  return type === 'redacted_thinking' ? data : undefined;
}

function isToolResult([block]: readonly [Json, string]): boolean {
  return isObject(block) && block['type'] === 'tool_result';
}

function present(fields: { readonly [key: string]: unknown }): { readonly [key: string]: string } {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A client cut or changed it: the proof is lost, the conversation is not.
    return undefined;
  }
}
