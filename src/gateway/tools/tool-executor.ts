import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { ToolRunFact } from '../../domain/facts/facts.ts';

/** A tool that runs here instead of at the client, as models are told of it. */
export interface ServerTool {
  /** The `type` by which clients ask for it; also the name of the function that models see. */
  readonly type: string;
  readonly description: string;
  /** JSON Schema of its arguments. */
  readonly parameters: JsonObject;
}

/** For whom tools run. */
export interface ToolOwner {
  /** The exchange whose model calls them. */
  readonly requestId: string;
  readonly customer: string;
  readonly key: string;
  readonly project?: string | undefined;
  readonly endUser?: string | undefined;
}

/** One call of a model. */
export interface ServerToolCall {
  readonly type: string;
  /** JSON text, as the model wrote it. */
  readonly arguments: string;
  /** How long anybody waits for it. */
  readonly timeoutMs: number;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
}

/** What a call came to; a tool that failed says so to the model. */
export interface ServerToolAnswer {
  readonly text: string;
  readonly isError: boolean;
  /** What ran, for the record; absent when nothing did. */
  readonly ran?: ToolRunFact;
}

/** The calls of one exchange: what they leave, such as files, the next one finds. */
export interface ToolSession {
  /** Never rejects: whatever goes wrong is an answer for the model. */
  call(call: ServerToolCall): Promise<ServerToolAnswer>;
  /** Removes whatever the session made; does not reject. */
  close(): Promise<void>;
}

/** Runs tools for models on this side. The gateway asks; whoever has sandboxes implements it. */
export interface ToolExecutor {
  readonly tools: readonly ServerTool[];
  /** Why nothing runs here at the moment, as a sentence; undefined when it does. */
  absence(): string | undefined;
  open(owner: ToolOwner): ToolSession;
}
