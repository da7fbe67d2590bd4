import type { InboundDialectId } from '../../../src/domain/calls/dialect.ts';

/** A tool as every client can declare it. */
export interface ToolSpec {
  readonly name: string;
  readonly parameters: JsonSchema;
}

/** A JSON Schema of an object. */
export interface JsonSchema {
  readonly type: 'object';
  readonly properties: { readonly [name: string]: { readonly [keyword: string]: unknown } };
  readonly required: string[];
  readonly additionalProperties: false;
  readonly [keyword: string]: unknown;
}

/** What a client's user says next, in words that every client has. */
export interface Turn {
  /** Asks another model than the conversation began with. */
  readonly model?: string;
  readonly text?: string;
  /** The white pixel in the request itself, or an image by its address. */
  readonly image?: 'inline' | URL;
  readonly results?: readonly { readonly id: string; readonly name: string; readonly output: string }[];
  readonly tools?: readonly ToolSpec[];
  readonly schema?: JsonSchema;
  readonly reasoning?: boolean;
}

/** How the user asks. */
export interface Asking {
  readonly stream: boolean;
  readonly signal?: AbortSignal;
  /** Streams: called with each piece of text. */
  onText?(text: string): void;
}

/** What the client tells its user, whatever the shape of its own answer. */
export interface Told {
  readonly text: string;
  readonly finish: 'stop' | 'tools' | 'length' | 'refusal' | 'other';
  readonly reasoning: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly arguments: unknown }[];
  readonly tokens: { readonly input: number; readonly output: number };
}

/** A conversation whose history is kept exactly as the client's documentation says to keep it. */
export interface Conversation {
  ask(turn: Turn, asking: Asking): Promise<Told>;
}

/** An error as the client's user catches it. */
export interface SeenError {
  readonly className: string;
  readonly status: number | undefined;
  readonly message: string;
  /** The id by which the operator finds the request; undefined where the client keeps no header. */
  readonly requestId: string | undefined;
}

/** How a client is set up; only the base URL and the key are ours. */
export interface ClientSetup {
  readonly url: string;
  readonly apiKey: string;
  readonly model: string;
  readonly maxRetries: number;
}

/** What some clients cannot do whatever the server says; each with the reason. */
export type Inability =
  | 'reasoning'
  | 'signatures'
  | 'streamed-signatures'
  | 'image-url'
  | 'retry'
  | 'retry-after'
  | 'should-retry'
  | 'request-id';

/** One unmodified client, driven through the same capabilities as the others. */
export interface ClientDrive {
  readonly name: string;
  readonly dialect: InboundDialectId;
  /** Path that is added to the product's address: one of the mounts. */
  readonly mount: string;
  /** Begins the names of models: some clients look at the name to know what the model can do. */
  readonly modelPrefix: string;
  readonly cannot: { readonly [Name in Inability]?: string };
  /** Names of error classes by HTTP status. */
  readonly errors: { readonly [status: number]: string };
  open(setup: ClientSetup): Conversation;
  readError(error: unknown): SeenError;
  embed?(setup: ClientSetup, text: string): Promise<readonly number[]>;
  countTokens?(setup: ClientSetup, text: string): Promise<number>;
  listModels?(setup: ClientSetup): Promise<readonly string[]>;
  retrieveModel?(setup: ClientSetup): Promise<string>;
}

/** A white pixel. */
export const pixelBase64 =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

/** An image that only hosts would fetch. */
export const imageUrl = new URL('https://images.example.com/parcel.png');

/** Reads arguments that a client hands over as JSON text. */
export function parseArguments(text: string): unknown {
  return text === '' ? {} : JSON.parse(text);
}

/** Facts of an error object without trusting its type. */
export function errorFacts(error: unknown): { className: string; fields: { readonly [name: string]: unknown } } {
  if (typeof error !== 'object' || error === null) return { className: typeof error, fields: {} };
  return { className: error.constructor.name, fields: Object.assign(Object.create(error), error) };
}
