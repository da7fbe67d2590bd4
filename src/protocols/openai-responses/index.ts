export { openAIResponsesInbound } from './openai-responses-inbound.ts';
export { openAIResponsesOutbound } from './openai-responses-outbound.ts';
export { foreignProofsInResponses } from './reasoning-envelope.ts';
export { replayInput } from './replay-input.ts';
export { inputItems, responseOfTerminalEvent, type StoredResponse, storedResponseOf } from './stored-response.ts';
export { readUsage as readResponsesUsage } from './read-usage.ts';
