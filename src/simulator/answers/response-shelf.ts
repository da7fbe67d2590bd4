import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { PromptTurn } from './prompt.ts';

/** A stored response: its body and the conversation up to and including it. */
export interface StoredResponse {
  readonly body: JsonObject;
  readonly turns: readonly PromptTurn[];
}

/** Keeps responses for `previous_response_id`; the oldest goes when the shelf is full. */
export interface ResponseShelf {
  get(id: string): StoredResponse | undefined;
  put(id: string, response: StoredResponse): void;
  delete(id: string): boolean;
  clear(): void;
}

const maxResponses = 1_000;

/** An empty shelf. */
export function createResponseShelf(): ResponseShelf {
  const responses = new Map<string, StoredResponse>();
  return {
    get: (id) => responses.get(id),
    put(id, response) {
      responses.set(id, response);
      const [oldest] = responses.keys();
      if (responses.size > maxResponses && oldest !== undefined) responses.delete(oldest);
    },
    delete: (id) => responses.delete(id),
    clear: () => responses.clear(),
  };
}
