export { bedrockConverseOutbound } from './outbound.ts';
export { type BedrockError, readBedrockError } from './read-error.ts';
