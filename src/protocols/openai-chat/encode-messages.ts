import { Fault } from '../../domain/faults/fault.ts';
import type {
  ContentPart,
  JsonObject,
  Message,
  ModelCall,
  ReasoningPart,
  ToolCallPart,
} from '../../domain/calls/model-call.ts';
import { ContentWriter } from './encode-content.ts';
import type { LossReport } from './loss-report.ts';
import { dialect } from './dialect-name.ts';
import { isSigned, writeReasoningDetails } from './reasoning-fields.ts';
import { compact, objectOf } from './values.ts';

type PartOf<Type extends ContentPart['type']> = Extract<ContentPart, { readonly type: Type }>;

/** Writes the conversation; the first part that cannot be carried without changing its meaning is the fault. */
export function encodeMessages(call: ModelCall, report: LossReport): readonly JsonObject[] | Fault {
  const writer = new MessageWriter(call, report);
  for (const message of call.messages) {
    const fault = writer.write(message);
    if (fault) return fault;
  }
  return writer.finish();
}

class MessageWriter {
  readonly #own: boolean;
  readonly #report: LossReport;
  readonly #content: ContentWriter;
  readonly #messages: JsonObject[] = [];
  /** Pictures of tool results: this dialect's results are text, so they follow as a user turn. */
  #attached: JsonObject[] = [];

  constructor(call: ModelCall, report: LossReport) {
    this.#own = call.dialect === dialect;
    this.#report = report;
    this.#content = new ContentWriter(this.#own, report);
  }

  write(message: Message): Fault | undefined {
    const results = message.content.filter((part) => part.type === 'tool-result');
    for (const result of results) {
      const fault = this.#writeResult(result);
      if (fault) return fault;
    }
    const rest = message.content.filter((part) => part.type !== 'tool-result');
    if (message.role === 'tool' || (results.length > 0 && rest.length === 0)) return undefined;
    this.#flushAttached();
    return message.role === 'assistant' ? this.#writeAssistant(message) : this.#writePlain(message, rest);
  }

  finish(): readonly JsonObject[] {
    this.#flushAttached();
    return this.#messages;
  }

  #flushAttached(): void {
    if (this.#attached.length > 0) this.#messages.push({ role: 'user', content: this.#attached });
    this.#attached = [];
  }

  #writePlain(message: Message, parts: readonly ContentPart[]): Fault | undefined {
    const content = this.#content.write(parts);
    if (Fault.is(content)) return content;
    this.#messages.push(compact({ role: message.role, content, name: message.name }));
    return undefined;
  }

  #writeResult(result: PartOf<'tool-result'>): Fault | undefined {
    if (result.isError) this.#report.dropPointer(result.at, '/is_error');
    if (result.cache) this.#report.dropPointer(result.at, '/cache_control');
    const texts = result.content.filter((part) => part.type === 'text');
    const content = this.#content.write(texts);
    if (Fault.is(content)) return content;
    this.#messages.push({ role: 'tool', tool_call_id: result.toolCallId, content });
    const media = result.content.filter((part) => part.type !== 'text');
    if (media.length === 0) return undefined;
    const attached = this.#content.write([{ type: 'text', text: `Result of ${result.toolCallId}:` }, ...media]);
    if (Fault.is(attached)) return attached;
    if (typeof attached !== 'string') this.#attached.push(...attached);
    return undefined;
  }

  #writeAssistant(message: Message): Fault | undefined {
    const of = <Type extends ContentPart['type']>(type: Type): PartOf<Type>[] =>
      message.content.filter((part): part is PartOf<Type> => part.type === type);
    const calls = of('tool-call').map((call) => this.#encodeCall(call));
    const opaque = this.#takeOpaque(of('opaque'));
    const shown = message.content.filter(
      (part) => part.type === 'text' || part.type === 'image' || part.type === 'document',
    );
    const content = this.#content.write(shown, true);
    if (Fault.is(content)) return content;
    const allCalls = [...calls, ...opaque.calls];
    const refusal = of('refusal')
      .map((part) => part.text)
      .join('');
    const silent =
      shown.length === 0 && (allCalls.length > 0 || refusal !== '' || opaque.fields['audio'] !== undefined);
    this.#messages.push(
      compact({
        role: 'assistant',
        content: silent ? null : content,
        refusal: refusal === '' ? undefined : refusal,
        name: message.name,
        ...this.#encodeReasoning(of('reasoning')),
        ...opaque.fields,
        tool_calls: allCalls.length > 0 ? allCalls : undefined,
      }),
    );
    return undefined;
  }

  #encodeCall(call: ToolCallPart): JsonObject {
    if (call.signature !== undefined && !this.#own) this.#report.dropPointer(call.at, '/thoughtSignature');
    if (call.cache) this.#report.dropPointer(call.at, '/cache_control');
    const signed = this.#own && call.signature !== undefined;
    return compact({
      id: call.id,
      type: 'function',
      function: { name: call.name, arguments: call.arguments === '' ? '{}' : call.arguments },
      extra_content: signed ? { google: { thought_signature: call.signature ?? '' } } : undefined,
    });
  }

  /** Earlier reasoning goes back only to hosts of this dialect: elsewhere its signatures mean nothing. */
  #encodeReasoning(parts: readonly ReasoningPart[]): JsonObject {
    if (!this.#own) {
      for (const part of parts) this.#report.dropPointer(part.at);
      return {};
    }
    const text = parts.map((part) => part.text).join('');
    const isOwn = ({ provenance = dialect }: ReasoningPart): boolean => provenance === dialect;
    for (const part of parts) if (isSigned(part) && !isOwn(part)) this.#report.dropPointer(part.at);
    const details = parts.flatMap((part, index) =>
      isSigned(part) && isOwn(part) ? writeReasoningDetails(part, index) : [],
    );
    return compact({
      reasoning_content: text === '' ? undefined : text,
      reasoning_details: details.length > 0 ? details : undefined,
    });
  }

  /** Server-side steps of other providers are history that only they can read. */
  #takeOpaque(parts: readonly PartOf<'opaque'>[]): { readonly calls: JsonObject[]; readonly fields: JsonObject } {
    const calls: JsonObject[] = [];
    let fields: JsonObject = {};
    for (const part of parts) {
      const value = objectOf(part.value);
      if (part.dialect !== dialect || !value) this.#report.dropPointer(part.at);
      else if (value['type'] !== undefined) calls.push(value);
      else fields = { ...fields, ...value };
    }
    return { calls, fields };
  }
}
