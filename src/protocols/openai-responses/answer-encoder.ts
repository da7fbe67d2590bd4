import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { Usage } from '../../domain/rating/usage.ts';
import type { AnswerContext, AnswerEncoder } from '../contract.ts';
import { EventLog } from './event-log.ts';
import { writeFinish } from './finish-reason.ts';
import { OutputList } from './output-list.ts';
import { buildResponse, responseIdOf, type ResponseState } from './response-object.ts';

type Part<Type extends StreamPart['type']> = Extract<StreamPart, { readonly type: Type }>;

/**
 * Writes an answer as the event stream of Responses and, at its end, as the whole `response` object: the non-streamed
 * answer is taken from here too, so that both always agree.
 */
export class ResponsesEncoder implements AnswerEncoder {
  readonly #context: AnswerContext;
  readonly #log = new EventLog();
  readonly #output: OutputList;
  #identity: Pick<ResponseState, 'id' | 'model' | 'createdAtS'> | undefined;
  #usage: Usage | undefined;
  #finish: Part<'finish'> | undefined;
  #ended = false;

  constructor(context: AnswerContext) {
    this.#context = context;
    this.#output = new OutputList(this.#log, context.newId);
  }

  push(part: StreamPart): string {
    switch (part.type) {
      case 'start':
        return this.#start(part);
      case 'usage':
        this.#usage = part.usage;
        return '';
      case 'finish':
        this.#finish ??= part;
        return '';
      case 'error':
        return this.fail(part.fault);
      case 'ping':
        return '';
      default:
        return this.#start({ type: 'start' }) + this.#output.push(part);
    }
  }

  end(): string {
    if (this.#ended) return '';
    if (this.#finish === undefined) return this.fail(new Fault('truncated'));
    this.#ended = true;
    const opening = this.#start({ type: 'start' });
    const closing = this.#close(this.#finish);
    const { status, response } = this.#final(this.#finish);
    return opening + closing + this.#log.write(`response.${status}`, { response });
  }

  fail(fault: Fault): string {
    if (this.#ended) return '';
    this.#ended = true;
    const opening = this.#start({ type: 'start' });
    return opening + this.#log.writeFailure(fault, (error) => this.#snapshot({ status: 'failed', error }));
  }

  /** The whole answer; to be called once, instead of `end`. */
  finish(): JsonObject {
    const finish = this.#finish ?? { type: 'finish', reason: 'other' };
    this.#start({ type: 'start' });
    this.#close(finish);
    return this.#final(finish).response;
  }

  #start(part: Part<'start'>): string {
    if (this.#identity !== undefined) return '';
    this.#identity = {
      id: responseIdOf(part.id, this.#context),
      model: part.model ?? this.#context.model,
      createdAtS: part.createdAtS ?? this.#context.createdAtS,
    };
    const response = this.#snapshot({ status: 'in_progress' });
    return this.#log.write('response.created', { response }) + this.#log.write('response.in_progress', { response });
  }

  #close(finish: Part<'finish'>): string {
    const cut = writeFinish(finish, this.#output.refusedInWords).status === 'incomplete';
    const silent = finish.reason === 'refusal' && !this.#output.refused;
    return this.#output.closeAll(cut) + (silent ? this.#output.refuseSilently() : '');
  }

  #final(finish: Part<'finish'>): { readonly status: string; readonly response: JsonObject } {
    const end = writeFinish(finish, this.#output.refusedInWords);
    return { status: end.status, response: this.#snapshot(end) };
  }

  #snapshot(state: Pick<ResponseState, 'status' | 'error' | 'incompleteReason'>): JsonObject {
    const { createdAtS, model } = this.#context;
    const identity = this.#identity ?? { id: responseIdOf(undefined, this.#context), model, createdAtS };
    const usage = this.#usage;
    return buildResponse(
      { ...identity, ...state, output: this.#output.items, ...(usage !== undefined && { usage }) },
      this.#context,
    );
  }
}
