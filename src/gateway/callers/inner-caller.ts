import type { PromptVersion } from '../../catalog/index.ts';
import type { AnswerHeaders, ClientSink } from '../../dispatch/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { Clock } from '../../platform/clock.ts';
import { isObject, openAIChatInbound } from '../../protocols/index.ts';
import type { Key } from '../../tenants/index.ts';
import type { Gateway } from '../gateway.ts';
import { ownKey } from './own-key.ts';

/** A call that the product makes itself. */
export interface InnerCall {
  /** Body of a chat completion without `stream`. */
  readonly body: JsonObject;
  /** What it is for; usage and cost are shown by it. */
  readonly feature: string;
  readonly deadlineMs?: number;
  /** Made by the caller when it must know it before the call. */
  readonly requestId?: string;
  /** Whose limits it is held to and who is charged; the organisation when absent. */
  readonly key?: Key;
  /** Job whose demands hold for the model that is named: what its customers asked goes nowhere else. */
  readonly under?: string | undefined;
  /** What the model is told besides. */
  readonly prompt?: PromptVersion | undefined;
}

/** What came back. */
export interface InnerAnswer {
  readonly requestId: string;
  readonly decisionId: string | null;
  readonly model: string;
  readonly host: string;
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly arguments: string }[];
  readonly costNanos: bigint | null;
  readonly outputTokens: number;
  readonly totalMs: number;
}

/** What came back, and what was spent on it; null: a price is unknown. */
export interface CalledAnswer {
  readonly answer: InnerAnswer | Fault;
  readonly costNanos: bigint | null;
}

/** What calls of the product's own are made through. */
export interface InnerCallerDeps {
  readonly gateway: Pick<Gateway, 'handle'>;
  readonly clock: Clock;
  newId(prefix: string): string;
}

/** Customer and key that the organisation's own work is metered under. */
const innerKey: Key = { ...ownKey('switchyard-evals'), metered: true };

/** Calls models through the gateway as any client does: same pipeline, same endpoints, same facts, no socket. */
export class InnerCaller {
  readonly #deps: InnerCallerDeps;

  constructor(deps: InnerCallerDeps) {
    this.#deps = deps;
  }

  /** A Fault when no answer came; its request is recorded all the same. */
  async call(asked: InnerCall): Promise<InnerAnswer | Fault> {
    return (await this.callAndCount(asked)).answer;
  }

  /** With the cost also of what brought no answer: tries that failed may be on the bill. */
  async callAndCount({
    body,
    feature,
    deadlineMs,
    key = innerKey,
    under,
    prompt,
    ...call
  }: InnerCall): Promise<CalledAnswer> {
    const { gateway, clock, newId } = this.#deps;
    const requestId = call.requestId ?? newId('req');
    const startedAtMs = clock.monotonicMs();
    const sink = new MemorySink();
    // What is refused before it begins costs nothing.
    let costNanos: bigint | null = 0n;
    await gateway.handle(
      {
        requestId,
        inbound: openAIChatInbound,
        route: { operation: 'generate' },
        framing: 'sse',
        key,
        bytes: Buffer.from(JSON.stringify(body)),
        contentType: 'application/json',
        forwardHeaders: {},
        ...(under !== undefined && { under }),
        ...(prompt !== undefined && { prompt }),
        controls: { explain: false, feature, cache: 'off', ...(deadlineMs !== undefined && { deadlineMs }) },
        settled({ final }) {
          costNanos = final.costNanos === null ? null : BigInt(final.costNanos);
        },
      },
      sink,
    );
    return { answer: readAnswer(sink, { requestId, totalMs: clock.monotonicMs() - startedAtMs }), costNanos };
  }
}

/** An answer that goes nowhere but into memory. */
export class MemorySink implements ClientSink {
  readonly gone = false;
  started = false;
  status = 0;
  headers: AnswerHeaders = {};
  isCut = false;
  readonly #chunks: Buffer[] = [];

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  start(status: number, headers: AnswerHeaders, more?: AnswerHeaders): void {
    this.started = true;
    this.status = status;
    this.headers = { ...headers, ...more };
  }

  write(bytes: Buffer | string): boolean {
    this.#chunks.push(Buffer.from(bytes));
    return true;
  }

  end(bytes?: Buffer | string): void {
    if (bytes !== undefined) this.write(bytes);
  }

  destroy(): void {
    this.isCut = true;
  }

  onDrain(): void {}

  onGone(): void {}
}

function readAnswer(
  sink: MemorySink,
  { requestId, totalMs }: { readonly requestId: string; readonly totalMs: number },
): InnerAnswer | Fault {
  const value = parse(sink.text);
  if (sink.isCut || sink.status !== 200 || value === undefined) {
    const { error } = value ?? {};
    const message = isObject(error) && typeof error['message'] === 'string' ? error['message'] : 'No answer came.';
    return new Fault('upstream_error', { message: `${message} (${requestId})` });
  }
  const [choice] = Array.isArray(value['choices']) ? value['choices'] : [];
  const message = isObject(choice) && isObject(choice['message']) ? choice['message'] : {};
  const { content } = message;
  const usage = isObject(value['usage']) ? value['usage'] : {};
  const cost = sink.headers['x-switchyard-cost-nanos'];
  return {
    requestId,
    decisionId: sink.headers['x-switchyard-decision'] ?? null,
    model: sink.headers['x-switchyard-model'] ?? '',
    host: sink.headers['x-switchyard-host'] ?? '',
    text: typeof content === 'string' ? content : '',
    calls: readCalls(message['tool_calls']),
    costNanos: cost !== undefined && /^\d+$/.test(cost) ? BigInt(cost) : null,
    outputTokens: typeof usage['completion_tokens'] === 'number' ? usage['completion_tokens'] : 0,
    totalMs,
  };
}

function readCalls(value: unknown): InnerAnswer['calls'] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: unknown) => {
    const made = isObject(one) && isObject(one['function']) ? one['function'] : {};
    const { name, arguments: given } = made;
    return typeof name === 'string' ? [{ name, arguments: typeof given === 'string' ? given : '' }] : [];
  });
}

function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // No JSON is no answer; the caller says so.
    return undefined;
  }
}
