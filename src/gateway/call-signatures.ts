import type { ContentPart, Message, ModelCall } from '../domain/calls/model-call.ts';
import type { StreamPart } from '../domain/calls/stream-part.ts';
import type { AnswerEncoder, InboundProtocol } from '../protocols/index.ts';

const maxEntries = 20_000;
const maxSignatureLength = 64 * 1024;
const maxTotalLength = 32 * 1024 * 1024;

/**
 * Remembers the signatures that Gemini puts on tool calls, for clients that have no place to keep them: the next turn
 * is refused without. Bounded, in memory, and never shared between customers.
 */
export class CallSignatures {
  readonly #signatures = new Map<string, string>();
  #totalLength = 0;

  /** The client's protocol, with an eye on the calls of the answers it writes. */
  watch(customer: string, inbound: InboundProtocol): InboundProtocol {
    return {
      ...inbound,
      openEncoder: (context) => this.#watchEncoder(customer, inbound.openEncoder(context)),
      encodeCompletion: (completion, context) => {
        for (const block of completion.blocks) {
          if (block.type === 'tool-call') this.#remember(customer, block.id, block.signature);
        }
        return inbound.encodeCompletion(completion, context);
      },
    };
  }

  /** The call with every signature put back that its client has lost; the same object when there is none. */
  restore(customer: string, call: ModelCall): ModelCall {
    if (this.#signatures.size === 0) return call;
    let isChanged = false;
    const restorePart = (part: ContentPart): ContentPart => {
      if (part.type !== 'tool-call' || part.signature !== undefined) return part;
      const signature = this.#signatures.get(keyOf(customer, part.id));
      if (signature === undefined) return part;
      isChanged = true;
      return { ...part, signature };
    };
    const messages = call.messages.map((message): Message =>
      message.role === 'assistant' ? { ...message, content: message.content.map(restorePart) } : message,
    );
    return isChanged ? { ...call, messages } : call;
  }

  #watchEncoder(customer: string, encoder: AnswerEncoder): AnswerEncoder {
    const ids = new Map<number, string>();
    const note = (part: StreamPart): void => {
      if (part.type === 'tool-call-start') ids.set(part.index, part.id);
      else if (part.type === 'tool-call-end') this.#remember(customer, ids.get(part.index), part.signature);
    };
    return {
      push(part) {
        note(part);
        return encoder.push(part);
      },
      end: () => encoder.end(),
      fail: (fault) => encoder.fail(fault),
    };
  }

  #remember(customer: string, callId: string | undefined, signature: string | undefined): void {
    if (callId === undefined || signature === undefined || signature.length > maxSignatureLength) return;
    const key = keyOf(customer, callId);
    this.#forget(key);
    this.#signatures.set(key, signature);
    this.#totalLength += key.length + signature.length;
    for (const oldest of this.#signatures.keys()) {
      if (this.#signatures.size <= maxEntries && this.#totalLength <= maxTotalLength) break;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    const known = this.#signatures.get(key);
    if (known === undefined) return;
    this.#signatures.delete(key);
    this.#totalLength -= key.length + known.length;
  }
}

function keyOf(customer: string, callId: string): string {
  return `${customer}\u0000${callId}`;
}
