export { foreignProofsInGemini } from './foreign-signature.ts';
export { geminiInbound } from './inbound.ts';
export { geminiOutbound } from './outbound.ts';
export { readGeminiError } from './read-error.ts';
export { SseToJsonArray } from './sse-to-json-array.ts';
