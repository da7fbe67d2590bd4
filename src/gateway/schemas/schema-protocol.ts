/** What the thread of schemas is asked: does a text satisfy a schema? Both as JSON text. */
export interface SchemaQuestion {
  readonly schema: string;
  /** Of the schema. */
  readonly hash: string;
  readonly text: string;
}

/** What it says: first that it listens, then one answer to each question, in order. */
export type SchemaVerdict =
  | { readonly kind: 'ready' }
  | { readonly kind: 'fits' }
  /** What is wrong with the text, in words for the model. */
  | { readonly kind: 'unmet'; readonly problem: string }
  /** What is wrong with the schema, in words for the client. */
  | { readonly kind: 'unusable'; readonly problem: string };
