/** Wire dialects that Switchyard speaks: the shape of bodies and stream events, independent of who serves them. */
const dialectIds = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini', 'bedrock-converse'] as const;

/** One wire dialect. `bedrock-converse` exists only on the upstream side. */
export type DialectId = (typeof dialectIds)[number];

/** Dialects a client may speak to us. */
export type InboundDialectId = Exclude<DialectId, 'bedrock-converse'>;

/** How a host is reached: a dialect plus its way of addressing and signing. Values of `hosts.*.protocol`. */
export const hostProtocols = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'vertex',
  'azure-openai',
  'bedrock',
] as const;

/** One value of `hosts.*.protocol` in the configuration. */
export type HostProtocol = (typeof hostProtocols)[number];

/** Kinds of work a request can ask for; `generate` is translated between dialects, the rest is metered pass-through. */
export const operations = [
  'generate',
  'count-tokens',
  'embeddings',
  'completions',
  'rerank',
  'moderations',
  'images',
  'speech',
  'transcription',
  'files',
  'batches',
] as const;

/** One kind of work. */
export type Operation = (typeof operations)[number];
