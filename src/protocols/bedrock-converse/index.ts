export { bedrockConverseOutbound } from './outbound.ts';
export { readBedrockError } from './read-error.ts';
