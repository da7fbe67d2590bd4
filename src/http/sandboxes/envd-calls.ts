import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LiveSandbox } from '../../runtime/index.ts';
import type { Fields } from './read-fields.ts';

/** A call on a sandbox whose caller may make it. */
export interface EnvdCall {
  readonly sandbox: LiveSandbox;
  readonly message: Fields;
  readonly request: IncomingMessage;
}

/** A call with one answer. */
export type UnaryCall = (call: EnvdCall) => object | Promise<object>;

/** A call whose answer goes on. Throws only before it began to answer. */
export type StreamCall = (
  call: EnvdCall & {
    readonly response: ServerResponse;
    /** When the client wants the stream to be over. */
    readonly deadlineMs: number | undefined;
  },
) => Promise<void>;
